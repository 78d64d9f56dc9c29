// SPDX-License-Identifier: MIT
// Deploys that overlap: whatever the order in which their processes come to
// run, the newest start serves at the end, none is refused, and the clients
// are back.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { deployLines, makeSite } from '../lib/deploy.mjs';
import { openCrowd, SCALE } from '../lib/mass.mjs';
import { randomOf } from '../lib/random.mjs';
import { redisConfig, startRedis } from '../lib/redis.mjs';
import { canConnect, freePort, sleep, SLOW } from '../lib/server.mjs';

const DEPLOYS = Math.max(10, Math.round(50 * SCALE));
const SWITCHES = Math.max(2, Math.round(10 * SCALE));
const BURST = 5;
const LONG = 180000 * SLOW;   // Node takes its time to start on a busy machine

const random = randomOf('deploys');
const parts = [];
afterEach(async () => {
    for (const part of parts.splice(0).reverse()) {
        await part.close();
    }
});

function keep(part) {
    parts.push(part);
    return part;
}

async function makeConfig(more = {}) {
    return {
        host: '127.0.0.1', port: await freePort(), subscribers: { http: true, redis: false },
        shutdownTimeout: 2000, ...more,
    };
}

const write = (folder, name, config) =>
    fs.writeFileSync(path.join(folder, name), JSON.stringify(config));

/** Nothing is under way any more, and the newest start serves. */
async function settle(site, newest) {
    // A stop and a start of each deploy, but the start that serves; it may not have begun yet.
    const ended = 2 * site.starts().length - 1;
    await site.wait(() => site.notes().length === ended && site.busy() <= 2
        && site.servers().length > 0, 'every deploy to be over');
    const serving = site.servers();
    const story = () => JSON.stringify({ newest, serving, notes: site.notes() }) + site.log();
    assert.deepEqual(serving.map(({ pid }) => pid), [newest.pid], story());
    assert.deepEqual(site.notes().filter(({ code }) => code !== 0), [], story());
}

async function joined(crowd) {
    await crowd.allJoined(LONG);
    assert.deepEqual(crowd.refusals, []);
}

const crowdAt = async (port, version = 4) => keep(await openCrowd({
    port, version, count: 10, channels: () => ['news'], longestDelay: 300,
}));

/** DEPLOYS deploys in bursts; folder(number): where the next one runs. */
async function deployAll(site, port, folder, { config, disturb = () => {} }) {
    let crowd;
    for (let done = 0; done < DEPLOYS; done += BURST) {
        let newest;
        for (let n = 0; n < BURST; n++) {
            // Some starts follow their stop at once, some after a while.
            newest = site.run(folder(done + n),
                deployLines({ config, between: n % 2 ? '' : `sleep ${(random.fraction() / 5).toFixed(3)}` }));
            await sleep(random.below(80));
            disturb(done + n);
        }
        await settle(site, await newestStart(site, newest));
        crowd ??= await crowdAt(port);
        await joined(crowd);
    }
    assert.ok(crowd.drops > 0);
}

/** A script that sleeps starts later than one that came after it. */
async function newestStart(site, last) {
    await site.wait(() => site.starts().length === last, `${last} starts`);
    return site.starts().at(-1);
}

describe(`${DEPLOYS} overlapping deploys`, () => {
    test('from a named configuration in one folder', async () => {
        const site = keep(makeSite());
        const config = await makeConfig();
        write(site.root, 'echo-server.production.json', config);
        await deployAll(site, config.port, () => site.root,
            { config: 'echo-server.production.json' });
        assert.equal(fs.existsSync(path.join(site.root, 'echo-server.production.failed')), false);
    });

    test('from the default configuration, whose lock is deleted again and again', async () => {
        const site = keep(makeSite());
        const config = await makeConfig();
        write(site.root, 'echo-server.json', config);
        await deployAll(site, config.port, () => site.root, {
            config: 'echo-server.json',
            disturb: () => fs.rmSync(path.join(site.root, 'echo-server.lock'), { force: true }),
        });
    });

    test('from changing release folders, before and after the link is turned', async () => {
        const site = keep(makeSite());
        const config = await makeConfig();
        const current = path.join(site.root, 'current');
        fs.mkdirSync(path.join(site.root, 'releases'));
        await deployAll(site, config.port, (number) => {
            const release = path.join(site.root, 'releases', String(number));
            fs.mkdirSync(release);
            write(release, 'echo-server.production.json', config);
            fs.rmSync(path.join(site.root, 'releases', String(number - 20)),
                { recursive: true, force: true });
            if (number % 3 === 1) {
                return release;
            }
            fs.rmSync(current, { force: true });
            fs.symlinkSync(release, current);
            return number % 3 === 2 ? fs.realpathSync(current) : current;
        }, { config: 'echo-server.production.json' });
    });
});

describe('two scripts that both stop before either starts', () => {
    const config = 'echo-server.json';

    test('end with the newer start, and the right of a stop is used up once', async () => {
        const site = keep(makeSite());
        const options = await makeConfig({ shutdownTimeout: 0 });
        write(site.root, config, options);
        const serves = (deploy) => site.wait(async () => {
            const servers = site.servers();
            return servers.length === 1 && servers[0].deploy === deploy
                && await canConnect(options.port);
        }, `deploy ${deploy} to serve`);
        const deploys = ['one', 'two'].map((go) => site.run(site.root, deployLines(
            { config, stops: 'first', between: `until [ -e ${go} ]; do sleep 0.05; done` })));
        await site.wait(() => site.notes().length === 2, 'both to have stopped');
        for (const [i, go] of ['one', 'two'].entries()) {
            fs.writeFileSync(path.join(site.root, go), '');
            await serves(deploys[i]);
        }
        const third = site.run(site.root, deployLines({ config, stops: '' }));
        await site.wait(() => site.notes().length === 4, 'the third to be refused');
        await serves(deploys[1]);
        assert.deepEqual(site.notes().slice(2), [
            { command: 'start', deploy: deploys[0], code: 0 },
            { command: 'start', deploy: third, code: 3 },
        ]);
    });
});

describe('a stop', () => {
    test('ends a start that was made before it, though that is nowhere to be seen', async () => {
        const site = keep(makeSite());
        write(site.root, 'echo-server.json', await makeConfig());
        fs.writeFileSync(path.join(site.root, 'ends'), '');
        const ends = () => fs.readFileSync(path.join(site.root, 'ends'), 'utf8')
            .split('\n').filter(Boolean);
        for (let n = 1; n <= 10; n++) {
            // Without anything in between, so that the start is the older one.
            site.run(site.root, `
"$SERVER" start --config="echo-server.json" > /dev/null 2>&1 &
start=$!
"$SERVER" stop > /dev/null 2>&1 &
wait $!
stopped=$?
wait $start
echo "$stopped $?" >> ends
`);
            await site.wait(() => ends().length === n, 'both to end');
        }
        assert.deepEqual(site.servers(), []);
        assert.deepEqual(new Set(ends()), new Set(['0 0']));
    });
});

describe('laravel-echo-server and echo-server take turns', () => {
    let redis;
    before(async () => { redis = await startRedis(); });
    after(() => redis.stop());

    const name = 'laravel-echo-server.json';

    /** Its own lines; its start does not wait for its stop, so the script must. */
    async function deployReference(site) {
        await site.finish(site.root, 'laravel-echo-server stop > /dev/null 2>&1');
        await site.wait(() => site.busy() === 0, 'echo-server to be gone');
        site.run(site.root, `laravel-echo-server start --config="${name}" > /dev/null 2>&1 &`);
    }

    test(`${SWITCHES} times, and the clients come along`, async () => {
        const site = keep(makeSite());
        const config = await makeConfig({ ...redisConfig(redis), devMode: false });
        write(site.root, name, config);
        await deployReference(site);
        const lock = path.join(site.root, 'laravel-echo-server.lock');
        await site.wait(() => site.log().includes('Server ready'), 'laravel-echo-server');
        const crowd = await crowdAt(config.port, 3);
        for (let n = 0; n < SWITCHES; n++) {
            const ours = n % 2 === 0;
            const drops = crowd.drops;
            if (ours) {
                site.run(site.root, deployLines({ config: name }));
            } else {
                await deployReference(site);
            }
            await site.wait(() => crowd.drops >= drops + 10, 'the clients to be dropped');
            await site.wait(() => crowd.connected() === 10, 'the clients to be back');
            await site.wait(() => (ours ? site.references().length : site.servers().length) === 0,
                'the other one to be gone');
            const serving = ours ? site.servers() : site.references();
            assert.equal(serving.length, 1);
            assert.deepEqual(JSON.parse(fs.readFileSync(lock, 'utf8')),
                { process: serving[0].pid });
        }
        assert.deepEqual(site.notes().filter(({ code }) => code !== 0), [], site.log());
    });
});
