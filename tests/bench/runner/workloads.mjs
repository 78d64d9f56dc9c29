// SPDX-License-Identifier: MIT
// What can be measured, by name and in order.

import * as connect from '../workloads/connect.mjs';
import * as events from '../workloads/events.mjs';
import * as fanout from '../workloads/fanout.mjs';
import * as load from '../workloads/load.mjs';
import * as memory from '../workloads/memory.mjs';
import * as rooms from '../workloads/rooms.mjs';

export const workloads = {
    memory: memory.plain,
    'memory-tls': memory.tls,
    fanout: fanout.plain,
    'fanout-tls': fanout.tls,
    latency: events.latency,
    connect: connect.plain,
    'connect-tls': connect.tls,
    workers: load.workers,
    storm: connect.storm,
    nobody: events.nobody,
    single: events.single,
    payload: events.payload,
    deflate: events.deflate,
    polling: events.polling,
    whisper: rooms.whisper,
    presence: rooms.presence,
    slow: load.slow,
};
