/** What a reader's system asks for: light or dark. */
export const palette = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d4d9df; --card: #f5f7f9; --accent: #0b62c4;
  --c0: #0b62c4; --c1: #b4470a; --c2: #18794e; --c3: #8a3ab9; --c4: #946200; --c5: #b3245a; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e8ebef; --soft: #a3adb8; --line: #38414b; --card: #1d2329; --accent: #6cb2ff;
  --c0: #6cb2ff; --c1: #ff9d5c; --c2: #5fd39b; --c3: #cf9bf5; --c4: #e6c04d; --c5: #ff86ae; } }
`;

/** Of the boxes and arrows of a model. */
export const pictureStyle = `
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .box { fill: var(--card); stroke: var(--line); }
svg .box.channel { stroke: var(--accent); stroke-width: 2; }
svg .box.task { stroke: var(--ink); }
svg .box.features { stroke-dasharray: 4 3; }
svg .name, svg .tower { font-weight: 600; }
svg .tower { font-size: 14px; }
svg .gives { fill: var(--soft); }
svg .arrow { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .head { fill: var(--soft); }
`;

/** One column, so that a phone shows it all. */
export const style = `${palette}${pictureStyle}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .3rem 0 .8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--line); }
p { max-width: 44rem; margin: .4rem 0; overflow-wrap: anywhere; }
.soft, figcaption, caption { color: var(--soft); }
.charts { display: grid; gap: 1.2rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: .6rem 0; min-width: 0; }
figcaption { font-size: .95rem; margin-bottom: .3rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
figure > svg { width: 100%; max-width: 38rem; }
svg.model { max-width: none; height: auto; }
svg .grid { stroke: var(--line); fill: none; }
svg .mark { stroke: var(--soft); stroke-dasharray: 3 3; fill: none; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.s0 { stroke: var(--c0); } .line.s1 { stroke: var(--c1); stroke-dasharray: 7 3; } .line.s2 { stroke: var(--c2); stroke-dasharray: 2 3; }
.line.s3 { stroke: var(--c3); stroke-dasharray: 9 3 2 3; } .line.s4 { stroke: var(--c4); stroke-dasharray: 12 4; } .line.s5 { stroke: var(--c5); stroke-dasharray: 4 2; }
.dot.s0 { fill: var(--c0); } .dot.s1 { fill: var(--c1); } .dot.s2 { fill: var(--c2); } .dot.s3 { fill: var(--c3); } .dot.s4 { fill: var(--c4); } .dot.s5 { fill: var(--c5); }
svg .bar { fill: var(--c0); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .3rem 0; font-size: .9rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend .key { width: 26px; height: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; margin: .4rem 0; }
caption { text-align: left; padding: .2rem 0; }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; }
details { margin: .3rem 0; }
summary { cursor: pointer; color: var(--accent); font-size: .9rem; }
@media print { details { display: none; } }
`;
