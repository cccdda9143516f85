/** How the frame around a sandbox's views looks. */
import { css } from "lit";

export const viewStyles = css`
  .back {
    display: inline-flex;
    gap: var(--s1);
    align-items: center;
    margin-bottom: var(--s2);
    color: var(--ink-soft);
    font-size: var(--text-sm);
    text-decoration: none;
  }

  .back:hover {
    color: var(--ink);
    text-decoration: underline;
  }

  .title {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s4);
    align-items: center;
    min-width: 0;
  }

  .title h1 {
    display: flex;
    gap: var(--s2);
    align-items: center;
    min-width: 0;
    font-family: var(--mono);
    font-size: 1.3rem;
  }

  .status {
    min-height: 1.5rem;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    align-items: center;
  }

  .notice {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s4);
    align-items: center;
    justify-content: space-between;
    padding: var(--s3) var(--s4);
    border-radius: var(--radius-l);
    background: var(--sunken);
  }

  .notice.bad {
    background: var(--bad-soft);
  }

  .notice b {
    font-weight: 600;
  }

  .bones {
    display: grid;
    gap: var(--s4);
  }

  .bones div {
    height: 11rem;
    border-radius: var(--radius-l);
    background: var(--sunken);
  }

  .bones div:first-child {
    width: min(20rem, 80%);
    height: 2rem;
    border-radius: var(--radius);
  }
`;
