/** The page at /docs: reads /openapi.json in the browser and writes it out. */
import style from "./page.css.txt" with { type: "text" };
import script from "./page.js.txt" with { type: "text" };

export const DOCS_SCRIPT: string = script;
export const DOCS_STYLE: string = style;

/** Only what this server itself serves. */
export const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const DOCS_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wrenn API</title>
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<main><h1>Wrenn API</h1><p id="state">Loading…</p></main>
<script type="module" src="/docs/page.js"></script>
</body>
</html>
`;
