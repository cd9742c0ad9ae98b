"""The style sheet of the page: light and dark, desktop and phone."""

STYLE = """
:root { --page: #f6f7f9; --card: #fff; --text: #1c2128; --faint: #5f6b7a; --line: #dfe3e8; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --card: #1d232b; --text: #e4e8ee; --faint: #9aa5b4; --line: #333c48; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.6 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 58rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
.note, .id { color: var(--faint); font-size: .875rem; margin: 0 0 .25rem; }
.legend { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .4rem; padding: .75rem 0;
  background: var(--page); border-bottom: 1px solid var(--line); margin-bottom: 1.25rem; }
.legend label { display: inline-flex; align-items: center; gap: .35rem; padding: .2rem .6rem; border-radius: 1rem;
  color: #1c2128; font-size: .8rem; font-weight: 600; cursor: pointer; user-select: none; }
.legend input { margin: 0; accent-color: #1c2128; }
.legend b { font-weight: 400; }
.document { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem 1.5rem;
  margin: 0 0 1.25rem; overflow-wrap: anywhere; }
.document h2 { font-size: 1.125rem; margin: 0; }
.document h2 .entities { line-height: 1.9 !important; }
.entities { line-height: 2.2 !important; }
mark.entity { color: #1c2128; padding: .2em .35em; margin: 0 .1em; border-radius: .35em; line-height: 1;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark.entity .label { font-size: .65em; font-weight: 700; letter-spacing: .02em; margin-left: .5em;
  vertical-align: middle; white-space: nowrap; opacity: .75; }
details { margin-top: .75rem; border-top: 1px solid var(--line); padding-top: .6rem; }
summary { cursor: pointer; color: var(--faint); font-size: .875rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; font-size: .875rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; white-space: nowrap; }
td:nth-child(2), td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td:first-child { min-width: 8rem; }
.dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
.arcs { display: block; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--text); }
.arc path { fill: none; stroke: var(--faint); }
.arc path.tip { fill: var(--faint); }
.arc rect { fill: var(--card); }
.arc .name { font-size: 10px; fill: var(--text); }
.rows { max-width: 100%; height: auto; }
.box rect { stroke: #495057; }
.box.maybe rect { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 5 3; }
.box path { stroke: #b02525; stroke-width: 1.5; }
.box .name { font-size: 10px; fill: #1c2128; }
.arcs .word { fill: none; stroke: var(--line); }
.events { margin: .5rem 0 0; padding-left: 2.5rem; font-size: .875rem; }
.events li::marker { color: var(--faint); font-variant-numeric: tabular-nums; }
.events em { font-style: normal; font-weight: 600; }
.events .score { font-variant-numeric: tabular-nums; }
.events .by { color: var(--faint); }
.stacked { white-space: pre-wrap; line-height: 2.4; margin-top: .5rem; }
.stacked span { background: var(--card); }
@media (max-width: 40rem) {
  main { padding: 1.25rem .75rem 3rem; }
  .document { padding: 1rem; }
  .legend { position: static; }
}
@media print { .legend { position: static; } details { display: none; } mark.entity { print-color-adjust: exact; } }
"""
