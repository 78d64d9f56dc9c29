// SPDX-License-Identifier: MIT
// What is in the program, as the package says it, is what the build machine has: versions by
// pkg-config and dpkg, and the way of linking by the program itself.
//
//     node tests/package/sbom.mjs FILE BINARY BUNDLES

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';

const [file, binary, bundles] = process.argv.slice(2);
const said = JSON.parse(fs.readFileSync(file, 'utf8'));
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();
const dynamic = run('objdump', '-p', binary);

assert.equal(said.spdxVersion, 'SPDX-2.3');
assert.match(said.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const ids = said.packages.map((p) => p.SPDXID);
assert.equal(new Set(ids).size, ids.length);
for (const id of ids)
    assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);

/** How the program has the package. */
const relation = (p) => said.relationships.find((r) => r.relatedSpdxElement === p.SPDXID).relationshipType;
const found = (name, version) => {
    const p = said.packages.find((other) => other.name === name && other.versionInfo === version);
    assert.ok(p, `${name} ${version} is missing: ${JSON.stringify(said.packages.map((q) =>
        `${q.name} ${q.versionInfo}`))}`);
    return p;
};

for (const [name, module, library] of [['libuv', 'libuv', 'libuv'], ['hiredis', 'hiredis', 'libhiredis'],
    ['jansson', 'jansson', 'libjansson'], ['openssl', 'openssl', 'libssl'], ['zlib', 'zlib', 'libz']]) {
    const p = found(name, run('pkg-config', '--modversion', module));
    const linked = dynamic.includes(`NEEDED               ${library}.so`);
    assert.equal(relation(p), linked ? 'DYNAMIC_LINK' : 'STATIC_LINK', name);
}
assert.match(said.packages.find((p) => p.name === 'wslay').versionInfo, /^\d+\.\d+\.\d+$/);
assert.match(said.packages.find((p) => p.name === 'llhttp').versionInfo, /^\d+\.\d+\.\d+$/);

/** The revision of the distribution says which faults are mended. */
for (const { externalRefs } of said.packages.filter((p) => /_LINK$/.test(relation(p)))) {
    const [, name, version] = externalRefs[0].referenceLocator.match(/^pkg:deb\/[a-z]+\/([^@]+)@([^?]+)\?arch=/);
    assert.equal(decodeURIComponent(version), run('dpkg-query', '-W', '-f', '${Version}', name));
}
for (const generation of ['v2', 'v4']) {
    const version = fs.readFileSync(`${bundles}/${generation}/version`, 'utf8').trim();
    assert.equal(relation(found('socket.io-client', version)), 'CONTAINS');
}
