/** What an event is about. */
export type EventObject = {
  readonly kind: 'Pod' | 'Node';
  /** Absent: of no namespace. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly fieldPath?: string;
};

/** Something that whoever looks at an object in the cluster wants to hear. */
export type ClusterEvent = {
  readonly about: EventObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
};

/** Equal events in a row: one object in the API, which counts them. */
export type EventSeries = {
  /** The last of them. */
  event: ClusterEvent;
  /** Of the object in the API. */
  name: string;
  count: number;
  firstMs: number;
  lastMs: number;
  /** Whether the API server has the object. */
  isStored: boolean;
};

/** The component that `kubectl describe` shows and others filter by. */
const component = 'kubelet';
const longestMessage = 1024;
/** A name ends in a dot and 16 digits and has 253 characters at most. */
const longestPrefix = 236;

/** Its collection; what has no namespace is told of in `default`, as by the kubelet. */
export function eventsPath({ about }: ClusterEvent): string {
  return `/api/v1/namespaces/${about.namespace ?? 'default'}/events`;
}

/** `serial`: a number that no other event of this moment has. */
export function eventName({ about }: ClusterEvent, nowMs: number, serial: number): string {
  const moment = BigInt(Math.trunc(nowMs)) * 1_000_000n + BigInt(serial % 1_000_000);
  return `${about.name.slice(0, longestPrefix)}.${moment.toString(16).padStart(16, '0')}`;
}

/** The v1 Event (client-go tools/record). */
export function eventObject({ event, name, count, firstMs, lastMs }: EventSeries, nodeName: string) {
  const { about, type, reason, message } = event;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: about.namespace ?? 'default' },
    involvedObject: { apiVersion: 'v1', ...about },
    type,
    reason,
    message: cut(message),
    source: { component, host: nodeName },
    reportingComponent: component,
    reportingInstance: nodeName,
    firstTimestamp: seconds(firstMs),
    lastTimestamp: seconds(lastMs),
    count,
  };
}

/** What changes of it when it happens again. */
export function eventChange({ event, count, lastMs }: EventSeries) {
  return { count, lastTimestamp: seconds(lastMs), message: cut(event.message) };
}

function cut(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}

function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
