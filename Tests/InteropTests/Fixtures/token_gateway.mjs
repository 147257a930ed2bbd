// A gateway that asks Node for its token: by the cookie `session`, read by the cookie package that is
// named on the command line, or by the parameter `access_token`, read by node:querystring. See
// token_gateway.py.

import http from "node:http";
import { createRequire } from "node:module";
import querystring from "node:querystring";

const cookie = createRequire(import.meta.url)(process.argv[2]);

const tell = (event, fields) => console.log(JSON.stringify({ event, ...fields }));

function userOf(token) {
  try {
    const [, payload, signature] = token.split(".");
    return signature === "good" ? JSON.parse(Buffer.from(payload, "base64url")).sub : undefined;
  } catch {
    return undefined;
  }
}

const server = http.createServer((request, response) => {
  const [path, query] = request.url.split(/\?(.*)/s);
  const token =
    path === "/query"
      ? querystring.parse(query).access_token
      : cookie.parse(request.headers.cookie ?? "").session;
  const user = userOf(token);
  if (!user) return response.writeHead(401).end();
  tell("opened", { user });
  response.writeHead(200, { "content-type": "text/event-stream" });
  const timer = setInterval(() => response.write("data: x\n\n"), 50);
  response.on("close", () => {
    clearInterval(timer);
    tell("closed", { user });
  });
});

server.listen(0, "127.0.0.1", () => tell("ready", { port: server.address().port }));
