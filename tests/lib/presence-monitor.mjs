// SPDX-License-Identifier: MIT
// What servers ask of Redis, command by command.

import net from 'node:net';
import { waitFor, SLOW } from './server.mjs';

/** The words of a line of MONITOR: [source, command, argument...]. */
function words(line) {
    const source = line.match(/ \[\d+ ([^\]]*)\] /)?.[1];
    const args = [...line.slice(line.indexOf('] ') + 2).matchAll(/"((?:[^"\\]|\\.)*)"/g)];
    return source && [source, ...args.map(([, text]) => text)];
}

/** Gives {commands, close()}; a command is [source, name, argument...], source "lua" in a script. */
export async function startMonitor(port) {
    const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
    const monitor = { commands: [], ready: false, close: () => socket.destroy() };
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', (text) => {
        const lines = (rest + text).split('\r\n');
        rest = lines.pop();
        for (const line of lines) {
            monitor.ready ||= line === '+OK';
            const found = words(line);
            found && monitor.commands.push(found);
        }
    });
    socket.write('MONITOR\r\n');
    await waitFor(() => monitor.ready, 5000 * SLOW, 'Redis to tell its commands');
    return monitor;
}

/** What decides on a key's slot in a Redis Cluster. */
export const slotOf = (key) => key.match(/^[^{]*\{([^}]+)\}/)?.[1] ?? key;
