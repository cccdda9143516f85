/** The frame of the pages the server writes itself, and what they may load: what is served here, no more. */
import style from "./page.css.txt" with { type: "text" };

export const PAGE_STYLE: string = style;

/** @param content HTML; texts of others must be escaped in it. @param script path of a module of our own. */
export const renderPage = (page: {
  title: string;
  heading: string;
  content: string;
  script?: string;
}): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Wrenn</title>
<link rel="stylesheet" href="/pages/page.css">
${page.script === undefined ? "" : `<script type="module" src="${page.script}"></script>\n`}</head>
<body>
<main>
<h1>${page.heading}</h1>
${page.content}
</main>
</body>
</html>
`;

/** Nowhere to send a form to: what a page sends, its own script sends to this server. */
const CSP =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const WITH_SCRIPT = "script-src 'self'; connect-src 'self'";

export const pageResponse = (html: string, { hasScript = false } = {}): Response =>
  new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": hasScript ? `${CSP}; ${WITH_SCRIPT}` : CSP,
      "referrer-policy": "no-referrer",
    },
  });
