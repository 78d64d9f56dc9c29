// SPDX-License-Identifier: MIT
// One event through a server that runs already: deliver.mjs PORT. Both browser clients are loaded
// from it; every generation of the client then subscribes to a channel and gets the event that is
// posted.

import assert from 'node:assert/strict';
import { CLIENTS } from '../lib/echo.mjs';
import { postEvent, within } from '../lib/server.mjs';

const port = Number(process.argv[2]);
const url = `http://127.0.0.1:${port}`;

for (const path of ['/socket.io/socket.io.js', '/socket.io/v4/socket.io.js']) {
    const answer = await fetch(url + path);
    assert.equal(answer.status, 200, path);
    assert.match(await answer.text(), /Socket\.IO v\d/, path);
}

function subscribed(name) {
    const client = CLIENTS[name](url, { forceNew: true, reconnection: false });
    const got = new Promise((resolve) => {
        client.on('News', (channel, data) => resolve([channel, data.text]));
    });
    client.on('connect', () => client.emit('subscribe', { channel: 'news' }));
    return { client, got };
}

// A subscription to a public channel is not answered: the event is posted until everybody has it.
const pages = Object.keys(CLIENTS).map(subscribed);
const repeat = setInterval(
    () => postEvent({ port }, { channel: 'news', name: 'News', data: { text: 'hello' } }), 200);
try {
    for (const { got } of pages) {
        assert.deepEqual(await within(got, 15000, 'the event'), ['news', 'hello']);
    }
} finally {
    clearInterval(repeat);
    for (const { client } of pages) {
        client.close();
    }
}
process.exit(0);
