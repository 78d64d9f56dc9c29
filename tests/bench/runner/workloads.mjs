// SPDX-License-Identifier: MIT
// What can be measured, by name and in order.

import * as fanout from '../workloads/fanout.mjs';
import * as memory from '../workloads/memory.mjs';

export const workloads = {
    memory: memory.run,
    'memory-tls': memory.runTls,
    fanout: fanout.run,
    'fanout-tls': fanout.runTls,
};
