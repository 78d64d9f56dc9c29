// SPDX-License-Identifier: MIT
// A real nginx in front of the server, everything it writes in a temp folder.

import fs from 'node:fs';
import path from 'node:path';
import { canConnect, checkout, freePort, tempDir } from './server.mjs';
import { startChild } from './child.mjs';

function configuration(dir, port, { http = '', server, tls, connections = 4096 }) {
    const listen = tls
        ? `${port} ssl http2; ssl_certificate ${tls.certPath}; ssl_certificate_key ${tls.keyPath}`
        : port;
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `    ${name}_temp_path ${dir}/${name};`).join('\n');
    return `daemon off;
worker_processes 1;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${dir}/pid;
error_log ${dir}/error.log warn;
events { worker_connections ${connections}; }
http {
${temporary}
    access_log off;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${http}
    server {
        listen 127.0.0.1:${listen};
${server}
    }
}
`;
}

/**
 * The blocks of a published configuration that a site takes over, with the address of the server
 * replaced by port: for startNginx.
 */
export function publishedBlocks(file, port) {
    const text = fs.readFileSync(path.join(checkout, file), 'utf8');
    const block = (start) => text.match(new RegExp(`^( *)${start} {\\n[^]*?^\\1}\\n`, 'm'))[0];
    const zones = text.match(/^limit_\w+_zone .*\n/gm).join('');
    return {
        http: block('upstream websocket').replace('127.0.0.1:6001', `127.0.0.1:${port}`) + zones,
        server: block('location /socket.io'),
    };
}

/**
 * http, server: directives for the http block and for the one server block. tls: {certPath,
 * keyPath} of the site, which is then spoken on its port. connections: to both sides in all.
 */
export async function startNginx(site) {
    const dir = tempDir('echo-nginx-');
    const port = await freePort();
    const file = path.join(dir, 'nginx.conf');
    fs.writeFileSync(file, configuration(dir, port, site));
    const child = startChild('/usr/sbin/nginx', ['-c', file, '-e', path.join(dir, 'error.log')]);
    const errors = () => fs.existsSync(`${dir}/error.log`)
        ? fs.readFileSync(`${dir}/error.log`, 'utf8') : '';
    await child.ready(() => canConnect(port)).catch((error) => {
        throw new Error(`${error.message}\n${errors()}`);
    });
    return {
        port, url: `http${site.tls ? 's' : ''}://127.0.0.1:${port}`, pid: child.pid, errors, stop: () => child.stop(),
    };
}
