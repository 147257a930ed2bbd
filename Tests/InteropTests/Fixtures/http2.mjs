// Node's http2 module. Tells what it sees as one JSON object per line, and ends with its input.
//
//     node http2.mjs ORIGIN AUTHORITY BYTES TOKEN
//
// All on one connection: a page, a small body and one of BYTES, then /events with TOKEN until it ends.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';

const tell = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));
const [origin, authority, bytes, token] = process.argv.slice(2);
const session = connect(origin, { ca: readFileSync(authority) });
session.on('error', (error) => tell('failed', { error: error.message }));
session.on('goaway', (code) => tell('goaway', { code }));

const ask = (fields, body) => new Promise((resolve, reject) => {
  const stream = session.request(fields, { endStream: !body });
  const parts = [];
  let status;
  stream.on('response', (head) => { status = head[':status']; });
  stream.on('data', (part) => parts.push(part));
  stream.on('error', reject);
  stream.on('end', () => resolve({ status, body: Buffer.concat(parts) }));
  if (body) stream.end(body);
});
const digest = (body) => createHash('sha256').update(body).digest('hex');

const page = await ask({ ':path': '/page' });
tell('page', { status: page.status, bytes: page.body.length, text: page.body.toString().slice(0, 7) });
for (const size of [5, +bytes]) {
  const body = randomBytes(size);
  const { status, body: answer } = await ask({ ':method': 'POST', ':path': '/upload' }, body);
  tell('uploaded', { status, sent: digest(body), answer: answer.toString() });
}

const events = session.request({ ':path': '/events?access_token=' + token, accept: 'text/event-stream' });
let rest = '';
events.on('response', (head) => tell('head', { status: head[':status'], data: rest.length }));
events.on('data', (part) => {
  rest += part;
  for (let end; (end = /\r?\n\r?\n/.exec(rest)); rest = rest.slice(end.index + end[0].length)) {
    const lines = rest.slice(0, end.index).split(/\r?\n/);
    const value = (name) => lines.find((line) => line.startsWith(name + ': '))?.slice(name.length + 2);
    if (value('data')) tell('heard', { name: value('event'), data: value('data'), retry: value('retry') });
  }
});
events.on('error', (error) => tell('failed', { error: error.message }));
events.on('end', () => tell('ended', { code: events.rstCode, rest }));
events.on('close', async () => {
  const again = await ask({ ':path': '/page' });
  tell('again', { status: again.status, bytes: again.body.length });
});
process.stdin.on('end', () => process.exit(0)).resume();
