// SPDX-License-Identifier: MIT
// Starts and stops the server under test, each instance with its own port,
// temporary folder and configuration. ECHO_SERVER names the binary (default:
// build/echo-server of this checkout); TEST_SLOW multiplies every time-out
// (instrumented builds). Stopping fails when the server ended with a non-zero
// code or wrote a sanitizer's report. Neither servers nor sockets keep a test
// process alive: what a failed test leaves behind ends with the process.

import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.ECHO_SERVER || path.join(checkout, 'build', 'echo-server');

/** Factor for time-outs: 1, or TEST_SLOW. */
export const SLOW = Math.max(1, Number(process.env.TEST_SLOW) || 1);

/** Upper bound in ms for anything that should happen at once. */
export const TIMEOUT = 5000 * SLOW;

const REPORTS = [
    /ERROR: AddressSanitizer/, /ERROR: LeakSanitizer/, /WARNING: ThreadSanitizer/,
    /runtime error:/, /ENSURE/, /the sandbox denied/, /refused a worker's sandbox/,
];

const running = new Set();
process.on('exit', () => {
    for (const child of running) {
        child.kill('SIGKILL');
    }
});

export function sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

// Below the range from which the kernel takes ports for whoever connects or asks for any (it begins
// at 32768), and so low that 10,000 more, the port of a Redis Cluster's bus, are below it too.
const PORTS = { first: 12000, count: 10000 };

/** Whether this process has the UDP port until it ends, and so every test's word for the port. */
function claimPort(port) {
    return new Promise((resolve) => {
        const claim = dgram.createSocket('udp4');
        claim.once('error', () => resolve(false));
        claim.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
            claim.unref();
            resolve(true);
        });
    });
}

function canListen(port, host) {
    return new Promise((resolve) => {
        const probe = net.createServer();
        probe.once('error', () => resolve(false));
        probe.listen(port, host, () => probe.close(() => resolve(true)));
    });
}

/** A port that nobody else is given while this process lives. */
export async function freePort(host = '127.0.0.1') {
    for (;;) {
        const port = PORTS.first + crypto.randomInt(PORTS.count);
        if (await claimPort(port) && await canListen(port, host)) {
            // What a `stop` of an earlier test left for a start that never came.
            for (const name of fs.readdirSync('/dev/shm')) {
                if (name.startsWith(`echo-server-stop-${port}-`)) {
                    fs.rmSync(`/dev/shm/${name}`, { force: true });
                }
            }
            return port;
        }
    }
}

/** Whether somebody listens at this port of loopback. */
export function canConnect(port) {
    return new Promise((resolve) => {
        const probe = net.connect(port, '127.0.0.1');
        probe.once('connect', () => { probe.destroy(); resolve(true); });
        probe.once('error', () => resolve(false));
    });
}

/** A fresh folder, removed when this process ends. */
export function tempDir(prefix = 'echo-server-') {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
    process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
    return dir;
}

/** Calls fn until it gives a truthy value and returns that; throws after ms. */
export async function waitFor(fn, ms = TIMEOUT, what = String(fn)) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await fn();
        if (value) {
            return value;
        }
        if (Date.now() > end) {
            throw new Error(`not within ${ms} ms: ${what}`);
        }
        await sleep(5);
    }
}

/** Rejects when promise is not settled within ms (Infinity: never). */
export function within(promise, ms = TIMEOUT, what = 'promise') {
    if (ms === Infinity) {
        return promise;
    }
    let timer;
    const bound = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
    });
    return Promise.race([promise, bound]).finally(() => clearTimeout(timer));
}

/** The first sanitizer or assertion report in text, or null. */
export function findReport(text) {
    for (const report of REPORTS) {
        const at = text.search(report);
        if (at >= 0) {
            return text.slice(at, at + 6000);
        }
    }
    return null;
}

/** Runs the binary to its end: {code, signal, stdout, stderr}. */
export function runServer(args, { env = {}, cwd, ms = TIMEOUT } = {}) {
    const child = spawn(binary, args, { env: { ...process.env, ...env }, cwd });
    running.add(child);
    const out = capture(child);
    const ended = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => {
            running.delete(child);
            resolve({ code, signal, stdout: out.stdout, stderr: out.stderr });
        });
    });
    return within(ended, ms, `${args.join(' ')} to end`).catch((error) => {
        child.kill('SIGKILL');
        throw error;
    });
}

function capture(child) {
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => { out.stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { out.stderr += text; });
    return out;
}

function withDefaults(config, port) {
    return {
        host: '127.0.0.1',
        clients: [{ appId: 'app', key: 'key' }],
        subscribers: { http: true, redis: false },
        ...config,
        port: config.port ?? port,
    };
}

/**
 * Starts a server and resolves when it is ready.
 * config: keys of the configuration file; defaults: a free loopback port, one
 * API client app/key, HTTP subscriber only. args: more command line arguments.
 * env: more environment. cwd: the server's current folder. program: what is
 * run instead of the binary.
 */
export async function startServer({ config = {}, args = [], env = {}, cwd,
    program = binary } = {}) {
    const dir = tempDir();
    const full = withDefaults(config, config.port ?? await freePort());
    const configPath = path.join(dir, 'echo-server.json');
    fs.writeFileSync(configPath, JSON.stringify(full, null, 4));
    const child = spawn(program, ['start', `--config=${configPath}`, ...args],
        { env: { ...process.env, ...env }, cwd: cwd ?? dir, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.unref();
    child.stdout.unref();
    child.stderr.unref();
    const server = handle(child, { dir, configPath, port: Number(full.port), config: full });
    await ready(child, server);
    return server;
}

function handle(child, { dir, configPath, port, config }) {
    const out = capture(child);
    const exited = new Promise((resolve) => {
        child.once('error', (error) => resolve({ code: null, signal: null, error }));
        child.once('close', (code, signal) => {
            running.delete(child);
            resolve({ code, signal });
        });
    });
    const scheme = config.protocol === 'https' ? 'https' : 'http';
    const server = {
        port, dir, configPath, config, exited,
        pid: child.pid,
        url: `${scheme}://127.0.0.1:${port}`,
        stdout: () => out.stdout,
        stderr: () => out.stderr,
        alive: () => child.exitCode === null && child.signalCode === null,
        waitLog: (regex, ms = TIMEOUT) => waitFor(
            () => out.stderr.match(regex) ?? out.stdout.match(regex), ms,
            `log ${regex}\n--- log:\n${out.stderr.slice(-4000)}`),
        signal: (name) => child.kill(name),
        /** Ends the server at once, whatever its state; checks nothing. */
        async kill() {
            child.kill('SIGKILL');
            return within(exited, 10000 * SLOW, 'a killed server to end');
        },
        /** Ends the server orderly; throws when it did not end well. */
        async stop(signal = 'SIGTERM', ms = 10000 * SLOW) {
            child.kill(signal);
            const end = await within(exited, ms, 'server to end').catch(async (error) => {
                child.kill('SIGKILL');
                await exited;
                throw error;
            });
            verdict(end, out.stderr);
            return end;
        },
    };
    return server;
}

function verdict(end, stderr) {
    const report = findReport(stderr);
    if (report) {
        throw new Error(`report of the server:\n${report}`);
    }
    if (end.code !== 0) {
        throw new Error(`server ended with code ${end.code} signal ${end.signal}\n`
            + stderr.slice(-4000));
    }
}

async function ready(child, server) {
    let ended = null;
    server.exited.then((end) => { ended = end; });
    const isReady = () => {
        if (ended) {
            throw new Error(`server ended before it was ready (code ${ended.code}, `
                + `signal ${ended.signal}${ended.error ? `, ${ended.error.message}` : ''})\n`
                + `${server.stdout()}\n${server.stderr()}`);
        }
        return server.stdout().includes('Server ready!');
    };
    try {
        await waitFor(isReady, 10000 * SLOW, 'Server ready!');
    } catch (error) {
        child.kill('SIGKILL');
        throw error;
    }
}

/**
 * One request of a well-behaved client: {status, headers, text, json}. body:
 * text or bytes. more: options of http.request.
 */
export function askServer({ port }, { path: target, method = 'GET', headers = {}, body,
    ms = TIMEOUT, ...more }) {
    const length = body && { 'Content-Length': Buffer.byteLength(body) };
    return within(new Promise((resolve, reject) => {
        const request = http.request({
            host: '127.0.0.1', port, agent: false, method, path: target,
            headers: { ...headers, ...length }, ...more,
        }, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.once('end', () => resolve({
                status: answer.statusCode, headers: answer.headers,
                text: Buffer.concat(parts).toString(),
                get json() { return JSON.parse(this.text); },
            }));
        });
        request.once('error', reject);
        request.end(body);
    }), ms, `the answer to ${method} ${target}`);
}

/** POSTs to the HTTP API of server: {status, headers, body}. */
export async function postEvent(server, event, { app = 'app', key = 'key' } = {}) {
    const { status, headers, text } = await askServer(server, {
        method: 'POST', path: `/apps/${app}/events?auth_key=${key}`,
        headers: { 'Content-Type': 'application/json' },
        body: typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event),
    });
    return { status, headers, body: text };
}
