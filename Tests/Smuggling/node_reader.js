// Answers each request with how Node reads it.
const http = require("http");
const { createHash } = require("crypto");

http.createServer({ maxHeaderSize: 131072 }, (request, response) => {
  const hash = createHash("sha256");
  let length = 0;
  request.on("data", (piece) => { hash.update(piece); length += piece.length; });
  request.on("end", () => {
    const reading = {
      method: request.method, target: request.url, host: (request.headers.host || "").toLowerCase(),
      length, digest: hash.digest("hex").slice(0, 16),
    };
    response.writeHead(200, {
      "content-length": 0, "x-report": Buffer.from(JSON.stringify(reading)).toString("base64"),
    });
    response.end();
  });
}).on("upgrade", (request, socket) => {
  const reading = {
    method: request.method, target: request.url, host: (request.headers.host || "").toLowerCase(),
    length: 0, digest: createHash("sha256").digest("hex").slice(0, 16),
  };
  const text = Buffer.from(JSON.stringify(reading)).toString("base64");
  socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-report: ${text}\r\n\r\n`);
}).listen(Number(process.argv[2]), "127.0.0.1", 1000);
