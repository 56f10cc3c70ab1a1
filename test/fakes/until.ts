/** Lets the event loop turn until the condition holds; fails after 10 s of real time. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not come true: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
