export async function pullImage(..._: unknown[]): Promise<string> { throw new Error('x'); }
