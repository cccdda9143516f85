/**
 * What the dashboard's page may do, for the browser to enforce: run and load what this server serves, talk to
 * this server, nothing else. Styles of elements are constructed by script, which needs no `unsafe-inline`;
 * HTML is written by lit's own templates alone.
 */
const DIRECTIVES = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  // `data:` and `blob:` for previews of files; neither can run anything.
  "img-src": "'self' data: blob:",
  "font-src": "'self'",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
  "trusted-types": "lit-html",
  "require-trusted-types-for": "'script'",
};

export const DASHBOARD_CSP = Object.entries(DIRECTIVES)
  .map(([name, value]) => `${name} ${value}`)
  .join("; ");
