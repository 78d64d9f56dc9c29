// SPDX-License-Identifier: MIT
// The log under strangers: what they cause has a bound, and a log that nobody
// reads holds up nobody.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import WebSocket from 'ws';
import { startScene } from '../lib/scene.mjs';
import { binary, freePort, postEvent, tempDir, waitFor, within, SLOW } from '../lib/server.mjs';

const LONG = 'x'.repeat(201);
const GATE = { lines: 100, ms: 10000 };

let scene;
afterEach(() => scene?.close());

/** A client of Socket.IO 4 that says texts over and over until the scene ends; gives how many it said. */
function startFlood(texts) {
    const { port } = scene.server;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
    let said = 0;
    const speak = () => {
        for (let i = 0; i < 500 && socket.bufferedAmount < 1e5; i++) {
            socket.send(texts[said++ % texts.length]);
        }
        if (socket.readyState === WebSocket.OPEN) {
            setTimeout(speak, 1);
        }
    };
    socket.on('error', () => {});
    socket.on('message', (data) => {
        if (String(data).startsWith('0')) {
            socket.send('40');
        } else if (String(data).startsWith('40')) {
            speak();
        }
    });
    scene.keep({ close: () => socket.terminate() });
    return () => said;
}

/** A pipe that is read only when the test says so; run() gives a program that has it as its stderr. */
function makePipe() {
    const dir = tempDir();
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const fd = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    let text = '';
    const orAgain = (action) => {
        try {
            return action();
        } catch (error) {
            assert.equal(error.code, 'EAGAIN');
            return 0;
        }
    };
    return {
        fill() {
            while (orAgain(() => fs.writeSync(fd, 'f'.repeat(4096))) > 0) { /* until it is full */ }
        },
        program(outputs) {
            const file = path.join(dir, 'program');
            const to = outputs.map((number) => `${number}>'${pipe}'`).join(' ');
            fs.writeFileSync(file, `#!/bin/sh\nexec '${binary}' "$@" ${to}\n`, { mode: 0o755 });
            return file;
        },
        /** Reads until it has come. */
        waitFor: (pattern) => waitFor(() => {
            const piece = Buffer.alloc(1 << 16);
            text += piece.toString('latin1', 0, orAgain(() => fs.readSync(fd, piece)));
            return text.match(pattern);
        }, 20000 * SLOW, String(pattern)),
        text: () => text,
    };
}

/** Events arrive, one after the other. */
async function eventsArrive(page, count) {
    for (let i = 0; i < count; i++) {
        const event = page.event(({ data }) => data?.i === i);
        await postEvent(scene.server, { channel: 'news', name: 'E', data: { i } });
        await event;
    }
}

async function joinedPage() {
    const page = await scene.page({ transport: 'websocket' });
    page.echo.channel('news');
    await page.joined('news');
    return page;
}

test('a stderr that nobody reads holds up nobody, and what is lost is counted', async () => {
    const log = makePipe();
    scene = await startScene({ redis: false, program: log.program([2]), config: { devMode: true } });
    const page = await joinedPage();
    startFlood([`42["subscribe",{"channel":"${LONG}"}]`]);
    // 2,000 lines of 400 bytes: more than the pipe and what the server keeps.
    for (let i = 0; i < 20; i++) {
        const channels = Array.from({ length: 100 }, (_, k) => `${i}.${k}.${'c'.repeat(180)}`);
        const { status } = await postEvent(scene.server,
            { channels, name: 'n'.repeat(180), data: {} });
        assert.equal(status, 200);
    }
    await eventsArrive(page, 20);
    await log.waitFor(/lines of the log were lost, because nobody read them lines=[1-9]\d*\n/);
    assert.match(log.text(), /event channel=0\.0\.c+ event=/);
    await eventsArrive(page, 1);
    await log.waitFor(/lines=[1-9]\d*\n[^]* event channel=news event="\\"E\\""/);
});

test('whoever is refused at full speed writes a bounded log, and others are still in it', async () => {
    // Without the rates, which would end the flood.
    scene = await startScene({ redis: false, config: {
        logLevel: 'info', messageRate: 0, subscribeRate: 0, whisperRate: 0 } });
    const began = Date.now();
    const page = await joinedPage();
    const said = startFlood([`42["subscribe",{"channel":"${LONG}"}]`,
        `42["client event",{"channel":"${LONG}","event":"client-x","data":{}}]`]);
    await waitFor(() => said() > 20000, 20000 * SLOW, 'a flood');
    await eventsArrive(page, 20);
    page.close();
    await scene.server.waitLog(/session end .*transport=websocket/);
    for (const kind of ['subscription', 'whisper']) {
        await scene.server.waitLog(new RegExp(`${kind} refused .* times=\\d{3,}\n`), 20000 * SLOW);
        const lines = scene.server.stderr().split(`${kind} refused channel=x`).length - 1;
        const periods = 2 + Math.floor((Date.now() - began) / GATE.ms);
        assert.ok(lines > GATE.lines, `${lines} lines of ${kind}`);
        assert.ok(lines <= GATE.lines * periods, `${lines} lines of ${kind}, ${periods} periods`);
    }
});

test('a server whose outputs are full serves, and ends', async () => {
    const log = makePipe();
    const port = await freePort();
    const file = path.join(tempDir(), 'echo-server.json');
    log.fill();
    fs.writeFileSync(file, JSON.stringify(
        { host: '127.0.0.1', port, subscribers: { http: true, redis: false } }));
    const child = spawn(log.program([1, 2]), ['start', `--config=${file}`], { stdio: 'ignore' });
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    try {
        await waitFor(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false),
            10000 * SLOW, 'an answer');
        child.kill('SIGTERM');
        assert.equal(await within(ended, 10000 * SLOW, 'the server to end'), 0);
    } finally {
        child.kill('SIGKILL');
    }
});
