import type HandlebarsModule from 'handlebars';
import { UsageError } from '../base/errors.ts';
import type { View } from './component.ts';
import type { Template, Templates } from './templates.ts';

type Engine = typeof HandlebarsModule;

/** Renders templates; every mistake in one is a UsageError that names its file and line. */
export type TemplateEngine = {
  render(template: Template, view: View): string;
  /** Where each line of `render`'s text comes from. */
  lineOrigins(template: Template, view: View): readonly (Origin | undefined)[];
};

export type Origin = { readonly path: string; readonly line: number };

/** An engine with these partials: strict (an unknown name is an error), nothing escaped, built-in helpers only. */
export async function templateEngine(partials: Templates['partials']): Promise<TemplateEngine> {
  // Loaded here, as it takes about 20 ms that most commands need not spend.
  const { default: handlebars } = await import('handlebars');
  const rendering = (prepare: (template: Template) => string) => {
    const engine = handlebars.create();
    for (const [name, partial] of partials) {
      engine.registerPartial(name, compile(engine, { ...partial, text: prepare(partial) }));
    }
    return (template: Template, view: View) => compile(engine, { ...template, text: prepare(template) })(view);
  };
  const render = rendering(({ text }) => text);
  return {
    render,
    lineOrigins: (template, view) => rendering(markLines)(template, view).split('\n').map(readMark),
  };
}

type Renderer = (view: unknown, options?: unknown) => string;

function compile(engine: Engine, { path, text }: Template): Renderer {
  const options = { strict: true, noEscape: true, knownHelpersOnly: true };
  const located = <T>(action: () => T): T => {
    try {
      return action();
    } catch (thrown) {
      throw templateError(path, thrown);
    }
  };
  const compiled = engine.compile(text, options) as Renderer;
  return (view, runtimeOptions) => located(() => compiled(view, runtimeOptions));
}

/** Handlebars says where in `lineNumber`, or in the text (`Parse error on line 3`, `… - 3:7`). */
function templateError(path: string, thrown: unknown): UsageError {
  if (thrown instanceof UsageError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const known = thrown instanceof Error && 'lineNumber' in thrown ? Number(thrown.lineNumber) : undefined;
  const line = known || Number(/on line (\d+)|- (\d+):\d+$/.exec(message)?.slice(1).find(Boolean)) || undefined;
  const text = message.replace(/ - \d+:\d+$/, '').replace(/ in \[object Object\]$/, ' for this template');
  return new UsageError(`${line === undefined ? path : `${path}:${line}`}: ${text.split('\n').join(' ')}`, {
    hint: 'templates/manifests shows the names that each template may use',
  });
}

const origin = /\s*#\u{e002}(\d+)\u{e002}(.*)\u{e002}/u;

/** Ends each line that reaches the output with a comment saying where it comes from; tags alone on a line make no line. */
function markLines({ path, text }: Template): string {
  return text
    .split('\n')
    .map((line, index) =>
      /^\s*(\{\{[#/!>^~]|\{\{else|$)/.test(line) ? line : `${line} #\u{e002}${index + 1}\u{e002}${path}\u{e002}`,
    )
    .join('\n');
}

function readMark(line: string): Origin | undefined {
  const match = origin.exec(line);
  return match === null ? undefined : { path: match[2] ?? '', line: Number(match[1]) };
}
