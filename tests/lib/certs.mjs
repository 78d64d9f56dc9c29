// SPDX-License-Identifier: MIT
// A certificate authority of the test's own, and what it signs.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { tempDir } from './server.mjs';

function openssl(dir, ...args) {
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
}

const KEY_TYPES = {
    EC: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    RSA: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
};

function makeKey(dir, name, passphrase, type = 'EC') {
    openssl(dir, 'genpkey', ...KEY_TYPES[type], '-out', `${name}.key`,
        ...passphrase ? ['-aes-128-cbc', '-pass', `pass:${passphrase}`] : []);
}

function selfSign(dir, name, subject) {
    makeKey(dir, name);
    openssl(dir, 'req', '-new', '-x509', '-key', `${name}.key`, '-subj', `/CN=${subject}`,
        '-days', '3', '-addext', 'basicConstraints=critical,CA:TRUE', '-out', `${name}.crt`);
}

function sign(dir, name, { subject, issuer, extensions, passphrase, type, days = 30 }) {
    makeKey(dir, name, passphrase, type);
    openssl(dir, 'req', '-new', '-key', `${name}.key`, '-subj', `/CN=${subject}`,
        '-out', `${name}.csr`, ...passphrase ? ['-passin', `pass:${passphrase}`] : []);
    fs.writeFileSync(path.join(dir, `${name}.ext`), extensions);
    openssl(dir, 'x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.crt`,
        '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', String(days),
        '-extfile', `${name}.ext`, '-out', `${name}.crt`);
}

const leafExtensions = (names) => `basicConstraints=CA:FALSE\nsubjectAltName=${names}\n`;

/**
 * An authority, an intermediate one, and a server's certificate for localhost
 * and 127.0.0.1: {caPath, ca, certPath, keyPath, chainPath, otherCa, ...}.
 * issue(name, {names, type, days, passphrase}) makes one more: {certPath,
 * keyPath, fingerprint}.
 */
export function makeCerts({ names = 'DNS:localhost,IP:127.0.0.1', passphrase } = {}) {
    const dir = tempDir('echo-certs-');
    const file = (name) => path.join(dir, name);
    selfSign(dir, 'ca', 'test authority');
    selfSign(dir, 'other', 'another authority');
    sign(dir, 'middle', {
        subject: 'intermediate', issuer: 'ca', extensions: 'basicConstraints=critical,CA:TRUE\n',
    });
    sign(dir, 'server', {
        subject: 'server', issuer: 'ca', extensions: leafExtensions(names), passphrase,
    });
    sign(dir, 'chained', {
        subject: 'chained', issuer: 'middle', extensions: leafExtensions(names),
    });
    const text = (name) => fs.readFileSync(file(name), 'utf8');
    return {
        dir,
        caPath: file('ca.crt'), ca: text('ca.crt'), otherCa: text('other.crt'),
        certPath: file('server.crt'), keyPath: file('server.key'), passphrase,
        chainedCertPath: file('chained.crt'), chainedKeyPath: file('chained.key'),
        chainPath: file('middle.crt'),
        issue(name, { names: own = names, ...how } = {}) {
            sign(dir, name, {
                subject: name, issuer: 'ca', extensions: leafExtensions(own), ...how,
            });
            const { fingerprint256: fingerprint } = new X509Certificate(text(`${name}.crt`));
            return { certPath: file(`${name}.crt`), keyPath: file(`${name}.key`), fingerprint };
        },
    };
}
