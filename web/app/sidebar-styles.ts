/** How the sidebar looks, open and collapsed to its drawings. */
import { css } from "lit";

export const sidebarStyles = css`
  :host {
    height: 100%;
  }

  nav {
    display: flex;
    flex-direction: column;
    gap: var(--s4);
    height: 100%;
    padding: var(--s4) var(--s3);
    overflow: hidden auto;
  }

  .bar {
    position: absolute;
    inset: 0 0 auto;
    height: 3px;
    background: var(--accent);
  }

  .brand {
    display: flex;
    gap: var(--s2);
    align-items: center;
    justify-content: space-between;
    padding: var(--s1) var(--s2);
  }

  .brand a {
    display: flex;
    gap: 0.625rem;
    align-items: center;
    border-radius: var(--radius-s);
    color: var(--ink);
    font-size: 1.0625rem;
    letter-spacing: -0.015em;
    text-decoration: none;
  }

  .brand b {
    font-weight: 600;
  }

  ul {
    display: grid;
    gap: 2px;
  }

  .item {
    display: flex;
    gap: var(--s3);
    align-items: center;
    width: 100%;
    min-height: var(--control);
    padding: 0 0.625rem;
    border: 0;
    border-radius: var(--radius);
    background: transparent;
    color: var(--ink-soft);
    font-weight: 500;
    text-align: start;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background var(--fast),
      color var(--fast);
  }

  .item wr-icon {
    color: var(--ink-faint);
    font-size: 1.05rem;
  }

  .item:hover {
    background: var(--hover);
    color: var(--ink);
  }

  .item[aria-current="page"] {
    background: var(--accent-soft);
    color: var(--accent);
  }

  .item[aria-current="page"] wr-icon {
    color: inherit;
  }

  .item[aria-disabled="true"] {
    color: var(--ink-faint);
    cursor: not-allowed;
  }

  .foot {
    display: grid;
    gap: 2px;
    margin-top: auto;
    padding-top: var(--s3);
    border-top: 1px solid var(--line);
  }

  .connection {
    padding: var(--s1) 0.625rem;
    color: var(--warn);
    font-size: var(--text-sm);
  }

  .collapsed .text,
  .collapsed .brand b,
  .collapsed wr-badge {
    display: none;
  }

  .collapsed .item {
    justify-content: center;
    padding: 0;
  }

  .collapsed .brand {
    justify-content: center;
    padding: var(--s1) 0;
  }
`;
