/** True in the build of `bun web/build.ts --development`; known when bundling, so that dead code is left out. */
declare const __DEVELOPMENT__: boolean;
