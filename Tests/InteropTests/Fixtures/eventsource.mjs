// Node's own EventSource. Tells what it sees as one JSON object per line, and ends with its input.
//
//     node --experimental-eventsource eventsource.mjs URL [HASTE]
//
// Waits of a second and more are told, and shortened to one HASTEth: how long somebody means to wait
// can be tested without waiting so long. They include those of Node's connection pool.
const tell = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));

const [url, haste = 1] = process.argv.slice(2);
const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = (action, ms, ...rest) => {
  if (ms < 1000) return realTimeout(action, ms, ...rest);
  tell('waiting', { ms });
  return realTimeout(action, ms / haste, ...rest);
};

const source = new EventSource(url);
const heard = (event) => ({ data: event.data, id: event.lastEventId });
source.onopen = () => tell('open');
source.onmessage = (event) => tell('message', heard(event));
source.onerror = () => tell('error', { ready_state: source.readyState });
for (const name of ['tick', 'note', 'sluice-evicted']) {
  source.addEventListener(name, (event) => tell('named', { name, ...heard(event) }));
}

process.stdin.on('end', () => process.exit(0)).resume();
