/** The JSON objects of a stream that has one a line, as they come; what is no object is left out. */
export async function* jsonLines(stream: AsyncIterable<unknown>): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* objectsIn(line);
  }
  yield* objectsIn(rest);
}

function* objectsIn(line: string): Generator<Readonly<Record<string, unknown>>> {
  if (line.trim() === '') return;
  try {
    const value: unknown = JSON.parse(line);
    if (value !== null && typeof value === 'object') yield value as Readonly<Record<string, unknown>>;
  } catch {
    // A line cut off by a dying daemon.
  }
}
