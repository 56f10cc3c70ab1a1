/** What went wrong, what to do next, and the exit code of the contract: 1 failed while acting, 2 refused, 3 usage, 130 interrupted. */
export class ComponentsError extends Error {
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, hint: string, exitCode = 1) {
    super(message);
    this.name = 'ComponentsError';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
