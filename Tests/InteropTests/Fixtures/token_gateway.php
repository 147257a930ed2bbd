<?php
// A gateway that asks PHP for its token: by the cookie `session` or the parameter `access_token`.
// Run by `php -n -S`, with several workers. See token_gateway.py.

function tell(string $event, array $fields): void
{
    file_put_contents("php://stderr", json_encode(["event" => $event, ...$fields]) . "\n");
}

function user_of(mixed $token): ?string
{
    $parts = is_string($token) ? explode(".", $token) : [];
    if (count($parts) !== 3 || $parts[2] !== "good") return null;
    return json_decode(base64_decode(strtr($parts[1], "-_", "+/")), true)["sub"] ?? null;
}

$path = parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH);
$user = user_of($path === "/query" ? $_GET["access_token"] ?? null : $_COOKIE["session"] ?? null);
if ($user === null) {
    http_response_code(401);
    return;
}
tell("opened", ["user" => $user]);
register_shutdown_function(fn() => tell("closed", ["user" => $user]));
header("content-type: text/event-stream");
// A minute at most: nobody else ends a worker that is busy.
for ($tick = 0; $tick < 1200; $tick++) {
    echo "data: x\n\n";
    flush();
    usleep(50_000);
}
