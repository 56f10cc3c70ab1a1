import * as https from 'node:https';

/** Longer than the 10 s between two renewals of a Lease; kube-apiserver itself drops idle ones after minutes. */
const idleMs = 30_000;

/** Connections of one client, kept for its next request; node:http's own ones are dropped after 5 s without use. */
export class KeptConnections {
  readonly agent = new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: idleMs });
}
