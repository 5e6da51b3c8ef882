/** The style sheet of reports: one column on a phone, two on a desk, words and colours by the one design of all pages. */
import { basics, tokens } from '../../editor/drawing/design.ts';
import { pictureStyle } from '../../editor/drawing/drawing.ts';

const page = `
.top, main { max-width: var(--page); margin: 0 auto; padding: 0 var(--space-6); }
.top { display: flex; align-items: center; gap: var(--space-2); padding-top: var(--space-4); padding-bottom: var(--space-4); color: var(--soft); font-size: var(--text-small); }
.top svg { width: 20px; height: 20px; color: var(--ink); }
.top strong { color: var(--ink); margin-right: var(--space-2); font-size: var(--text); font-weight: 650; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: var(--space-12); align-items: start; padding-bottom: 5rem; }
main > *, section.wide { grid-column: 1 / -1; min-width: 0; }
main > section:not(.wide, .lone) { grid-column: auto; }
/* A section that has nobody beside it has its words and charts beside each other. */
main > section.lone { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: var(--space-12); }
section.lone > h2 { grid-column: 1 / -1; }
section { border-top: 1px solid var(--line); padding: var(--space-6) 0 var(--space-8); }
h1 { font-size: var(--text); color: var(--soft); font-weight: 550; margin: var(--space-6) 0 0; }
h2 { margin-bottom: var(--space-2); }
h3 { font-size: var(--text); margin-bottom: var(--space-2); }
h4 { font-size: var(--text-small); color: var(--soft); margin: var(--space-3) 0 var(--space-1); font-weight: 550; }
p, ul.soft { max-width: var(--prose); }
p { margin: 0 0 var(--space-2); overflow-wrap: anywhere; }
.soft, figcaption, caption, section > p { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-4); padding: var(--space-3) 0; font-size: var(--text-small); }
nav a { text-decoration: none; padding: var(--space-1) 0; }
nav a:hover { text-decoration: underline; }
`;

const verdict = `
.verdict { border: 0; padding: 0 0 var(--space-6); display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: var(--space-12); }
.verdict > * { grid-column: 1 / -1; min-width: 0; }
.verdict h2 { font-size: var(--text-headline); letter-spacing: -.025em; line-height: 1.15; margin: var(--space-1) 0 var(--space-4); max-width: 22em; text-wrap: balance; }
.verdict h2::before { content: ""; display: block; width: 2.5rem; height: 4px; border-radius: 2px; background: var(--quiet); margin: var(--space-2) 0 var(--space-3); }
.verdict.good h2::before { background: var(--good); } .verdict.fair h2::before { background: var(--fair); } .verdict.bad h2::before { background: var(--bad); }
.verdict > figure, .verdict > .facts { grid-column: auto; }
.facts { display: grid; grid-template-columns: fit-content(9rem) minmax(0, 1fr); gap: 0; margin: 0; align-content: start; font-variant-numeric: tabular-nums; }
.verdict:not(:has(> figure)) > .facts { grid-column: 1 / -1; grid-template-columns: fit-content(9rem) minmax(0, 1fr) fit-content(9rem) minmax(0, 1fr); }
.verdict:not(:has(> figure)) dd { padding-right: var(--space-8); }
.facts dt, .facts dd { padding: var(--space-2) 0; border-bottom: 1px solid var(--line); margin: 0; overflow-wrap: anywhere; }
.facts dt { color: var(--soft); padding-right: var(--space-4); }
`;

const charts = `
figure { margin: var(--space-3) 0 0; min-width: 0; }
figcaption { font-size: var(--text-small); margin-bottom: var(--space-2); }
svg { display: block; max-width: 100%; height: auto; }
svg.plot { width: 100%; overflow: visible; fill: currentColor; }
svg.plot.half { max-width: 40rem; } svg.plot.third { max-width: 26rem; }
svg.plot text { font: 11.5px var(--sans); }
svg.plot .at line { stroke: transparent; }
svg.plot .at text { display: none; text-anchor: start; font-variant-numeric: tabular-nums; }
svg.plot .at:hover line { stroke: var(--ink); stroke-opacity: .08; }
svg.plot .at:hover text { display: inline; }
.charts { display: grid; gap: var(--space-3) var(--space-12); grid-template-columns: repeat(2, minmax(0, 1fr)); }
.charts.three { gap: var(--space-3) var(--space-8); grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
section:not(.wide) > .charts:not(.three) { grid-template-columns: minmax(0, 1fr); }
.legend { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-4); list-style: none; padding: 0; margin: var(--space-2) 0 0; font-size: var(--text-small); color: var(--soft); }
.legend li { display: flex; align-items: center; gap: var(--space-2); overflow-wrap: anywhere; }
.legend .key { width: 22px; flex: none; }
.legend .dot { width: 9px; height: 9px; border-radius: 50%; background: var(--quiet); flex: none; }
.legend .tone { font-style: normal; } .tone.above { color: var(--bad); } .tone.level { color: var(--fair); } .tone.below { color: var(--quiet); }
progress { width: 100%; height: .5rem; margin: var(--space-2) 0 var(--space-6); accent-color: var(--accent); }
`;

const parts = `
.examples { display: grid; gap: var(--space-4); grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); margin-top: var(--space-3); }
.examples article { border: 1px solid var(--line); border-radius: var(--radius); padding: var(--space-4); font-size: var(--text-small); min-width: 0; }
.examples ul, .examples ol { margin: 0; padding-left: 1.4rem; overflow-wrap: anywhere; }
.examples ul { padding-left: 1.1rem; }
.examples .hit { font-weight: 650; color: var(--good); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: var(--space-4); font: var(--text-small)/1.55 var(--mono); }
.scroll { overflow-x: auto; } .scroll.phone { display: none; }
.scroll > table { min-width: min(100%, 20rem); }
table { border-collapse: collapse; font-size: var(--text-small); font-variant-numeric: tabular-nums; margin: var(--space-2) 0; }
caption { text-align: left; padding: var(--space-1) 0; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: pre; font-weight: 400; }
th:first-child, .words th, .words td { text-align: left; }
.words td { white-space: pre-wrap; overflow-wrap: break-word; min-width: 7rem; max-width: 34rem; }
th:first-child { position: sticky; left: 0; background: var(--paper); }
thead th { color: var(--soft); font-weight: 550; }
p.soft, figure > p { font-size: var(--text-small); margin: var(--space-2) 0 0; }
ul.soft { padding-left: 1.1rem; font-size: var(--text-small); }
details { margin: var(--space-2) 0 0; }
summary { cursor: pointer; color: var(--soft); font-size: var(--text-small); width: fit-content; }
summary:hover { color: var(--accent); }
section.fold { padding: 0; }
section.fold > details { margin: 0; padding: var(--space-3) 0; }
section.fold > details[open] { padding-bottom: var(--space-6); }
section.fold > details > summary { width: auto; color: var(--ink); }
section.fold > details > summary h2 { display: inline; font-size: var(--text); margin-left: var(--space-1); }
`;

const smallAndPrinted = `
@media (max-width: 62rem) {
  main, .verdict, .charts, main > section.lone { grid-template-columns: minmax(0, 1fr); }
  main > section:not(.wide), main > section[id], .verdict > figure, .verdict > .facts { grid-column: 1 / -1; }
  .verdict > .facts, .verdict:not(:has(> figure)) > .facts { margin-top: var(--space-6); grid-template-columns: fit-content(9rem) minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  .top, main { padding-left: var(--space-4); padding-right: var(--space-4); }
  .verdict h2 { font-size: 1.6rem; }
  svg.plot.half text { font-size: 17.5px; } svg.plot.third text { font-size: 12.5px; }
  .scroll.desk { display: none; } .scroll.phone { display: block; }
}
@media print { nav { display: none; } .scroll { overflow: visible; } figure, article { break-inside: avoid; } h2 { break-after: avoid; } }
`;

export const style = `${tokens}${basics}${pictureStyle}${page}${verdict}${charts}${parts}${smallAndPrinted}`;
