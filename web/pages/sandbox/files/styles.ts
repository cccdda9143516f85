/** How the files of a sandbox are laid out. */
import { css } from "lit";

export const filesStyles = css`
  .frame {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
  }

  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s4);
    align-items: center;
    justify-content: space-between;
  }

  .buttons {
    display: flex;
    gap: var(--s2);
  }

  nav {
    min-width: 0;
  }

  nav ol {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    font-size: var(--text-sm);
  }

  nav li {
    min-width: 0;
    overflow-wrap: anywhere;
  }

  nav li + li::before {
    content: "/";
    margin-inline: 0.375rem;
    color: var(--ink-faint);
  }

  nav a {
    color: var(--ink-soft);
    text-decoration: none;
  }

  nav a:hover {
    text-decoration: underline;
  }

  nav a[aria-current="location"] {
    color: var(--ink);
    font-weight: 600;
  }

  .two {
    display: grid;
    grid-template-columns: minmax(11rem, 15rem) minmax(0, 1fr);
    gap: var(--s4);
    align-items: start;
  }

  wr-file-tree {
    position: sticky;
    top: var(--s4);
    max-height: calc(100dvh - var(--s6));
  }

  .main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
  }

  .drop {
    position: absolute;
    inset: 0;
    display: none;
    place-items: center;
    border: 2px dashed var(--accent);
    border-radius: var(--radius-l);
    background: var(--accent-soft);
    color: var(--accent);
    font-weight: 600;
    pointer-events: none;
  }

  .dropping .drop {
    display: grid;
    opacity: 0.92;
  }

  @media (max-width: 48rem) {
    .two {
      grid-template-columns: minmax(0, 1fr);
    }

    /* The breadcrumbs lead as well. */
    wr-file-tree {
      display: none;
    }
  }
`;
