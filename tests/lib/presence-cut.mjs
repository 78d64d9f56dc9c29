// SPDX-License-Identifier: MIT
// A TCP relay in front of Redis that can be cut, for one node to be alone.

import net from 'node:net';

/**
 * Passes connections on to port. cut("silent"): nothing passes any more, in
 * either direction, and nobody is told. cut("refused"): connections end, and
 * new ones end at once. mend(): what was held goes on where it stopped.
 */
export async function startCut(port) {
    const pairs = new Set();
    let state = 'open';
    const open = (client) => {
        const target = net.connect(port, '127.0.0.1');
        const pair = [client, target];
        pairs.add(pair);
        for (const [from, to] of [pair, [target, client]]) {
            from.on('error', () => {});
            from.once('close', () => { to.destroy(); pairs.delete(pair); });
            from.pipe(to);
        }
    };
    const held = new Set();
    const server = net.createServer((client) => {
        client.on('error', () => {});
        if (state === 'refused') {
            client.destroy();
        } else if (state === 'silent') {
            client.pause();
            held.add(client);
            client.once('close', () => held.delete(client));
        } else {
            open(client);
        }
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    server.unref();
    return {
        port: server.address().port,
        cut(how) {
            state = how;
            for (const pair of pairs) {
                for (const [from, to] of [pair, [...pair].reverse()]) {
                    how === 'silent' ? from.unpipe(to).pause() : from.destroy();
                }
            }
        },
        mend() {
            state = 'open';
            for (const [client, target] of pairs) {
                client.pipe(target);
                target.pipe(client);
            }
            for (const client of held) {
                held.delete(client);
                open(client);
            }
        },
        close: () => new Promise((resolve) => {
            server.close(resolve);
            [...pairs].flat().concat([...held]).forEach((socket) => socket.destroy());
        }),
    };
}
