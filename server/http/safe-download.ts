/** Headers that keep a browser from running, on this origin, a file that a sandbox wrote. */
export const SAFE_DOWNLOAD = {
  "content-disposition": "attachment",
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
};
