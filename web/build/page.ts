/** The one HTML document of the dashboard: every route of it is this page. */

export interface PageParts {
  /** Paths of what it loads, as `/assets/main-abc.js`. */
  script: string;
  style: string;
  /** Runs before the first paint. */
  early: string;
  icon: string;
  /** Scripts that `script` imports: asked for at once, not one after the other. */
  preload: readonly string[];
}

export const renderPage = ({ script, style, early, icon, preload }: PageParts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f6f5f2" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#121417" media="(prefers-color-scheme: dark)">
<title>Wrenn</title>
<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${style}">
<script src="${early}"></script>
${preload.map((path) => `<link rel="modulepreload" href="${path}">\n`).join("")}<script type="module" src="${script}"></script>
</head>
<body>
<wr-app></wr-app>
<noscript>The dashboard needs JavaScript. The API is described at <a href="/docs">/docs</a>.</noscript>
</body>
</html>
`;
