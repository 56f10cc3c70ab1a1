import { type Cast, secondsOf } from './cast.ts';
import { type RowVersion, rowVersions, type Span } from './terminal-rows.ts';

const fontSize = 13;
const columnWidth = fontSize * 0.602;
const rowHeight = 18;
const padding = 14;
const bar = 28;
/** How long the last screen stands before it begins again. */
const restSeconds = 8;

/**
 * The recording as an animated SVG of one file, without script, font or network. Its ground is its own, so that it can be
 * read on any page; who prefers less motion, or has a viewer without animation, sees the last screen.
 */
export function castSvg(cast: Cast): string {
  const versions = rowVersions(cast);
  const seconds = secondsOf(cast) + restSeconds;
  const percent = (at: number) => `${Number(((at / seconds) * 100).toFixed(2))}%`;
  const classes = new Map<string, string>();
  const rows = versions.map((version) => {
    const timing = timingOf(version, percent);
    if (!classes.has(timing)) classes.set(timing, `t${classes.size}`);
    const gone = version.untilSeconds === undefined ? '' : ' gone';
    const y = version.row * rowHeight + fontSize;
    return `<text class="${classes.get(timing)}${gone}" x="${padding}" y="${y}">${version.spans.map(spanText).join('')}</text>`;
  });
  const width = Math.ceil(cast.columns * columnWidth + 2 * padding);
  const height = cast.rows * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + bar + padding}" width="${width}" height="${height + bar + padding}" role="img" xml:space="preserve" aria-label="${escaped(cast.title)}">
<title>${escaped(cast.title)}</title>
<style>
${styleText(seconds)}
${[...classes].map(([timing, name]) => `@keyframes ${name}{${timing}}.${name}{animation-name:${name}}`).join('\n')}
${scrollText(versions, cast.rows, percent)}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height + bar + padding - 1}" rx="8"/>
<text class="dim" x="${width / 2}" y="18" text-anchor="middle">${escaped(cast.title)}</text>
<svg y="${bar}" width="${width}" height="${height}" overflow="hidden">
<g class="scroll">
${rows.join('\n')}
</g>
</svg>
</svg>
`;
}

/** Hidden until it is written, and again once something else stands there. */
function timingOf({ fromSeconds, untilSeconds }: RowVersion, percent: (at: number) => string): string {
  const end = untilSeconds === undefined ? '' : `${percent(untilSeconds)}{visibility:hidden}`;
  return `0%{visibility:hidden}${percent(fromSeconds)}{visibility:visible}${end}`;
}

function styleText(seconds: number): string {
  return [
    `.ground{fill:#16181d;stroke:#6b7280}`,
    `text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",Consolas,monospace;fill:#e5e7eb;white-space:pre}`,
    `.bold{font-weight:bold}.dim{fill:#9ca3af}.red{fill:#ff8080}.green{fill:#7ddc8a}.yellow{fill:#f5cf6b}`,
    `.gone{visibility:hidden}`,
    `g text,.scroll{animation:${Number(seconds.toFixed(2))}s step-end infinite}`,
    `@media (prefers-reduced-motion:reduce){g text,.scroll{animation:none}}`,
  ].join('\n');
}

/** The rows move up when there are more than the window has. */
function scrollText(versions: readonly RowVersion[], height: number, percent: (at: number) => string): string {
  let [lastRow, frames] = [0, '0%{transform:none}'];
  for (const { row, fromSeconds } of versions) {
    if (row <= lastRow) continue;
    lastRow = row;
    if (row >= height) frames += `${percent(fromSeconds)}{transform:${movedBy(row, height)}}`;
  }
  const end = lastRow >= height ? movedBy(lastRow, height) : 'none';
  return `@keyframes scroll{${frames}}.scroll{animation-name:scroll;transform:${end}}`;
}

function movedBy(row: number, height: number): string {
  return `translateY(${(height - 1 - row) * rowHeight}px)`;
}

function spanText({ text, classes }: Span): string {
  return classes.length === 0 ? escaped(text) : `<tspan class="${classes.join(' ')}">${escaped(text)}</tspan>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
