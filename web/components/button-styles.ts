/** How buttons look, also the ones inside other elements. */
import { css } from "lit";

export const buttonStyles = css`
  .button {
    display: inline-flex;
    gap: var(--s2);
    align-items: center;
    justify-content: center;
    width: 100%;
    min-height: var(--control);
    padding: 0 0.875rem;
    border: 1px solid transparent;
    border-radius: var(--radius);
    background: transparent;
    color: var(--ink);
    font: 500 var(--text) / 1.2 var(--sans);
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background var(--fast),
      border-color var(--fast),
      color var(--fast),
      transform var(--fast);
  }

  .button:active {
    transform: translateY(0.5px);
  }

  .button.small {
    min-height: calc(var(--control) - 0.375rem);
    padding: 0 0.625rem;
    font-size: var(--text-sm);
  }

  .primary {
    background: var(--accent);
    color: var(--on-accent);
  }

  .primary:hover {
    background: var(--accent-strong);
  }

  .plain {
    border-color: var(--line-strong);
    background: var(--surface);
    box-shadow: var(--shadow-low);
  }

  .plain:hover {
    background: var(--hover);
  }

  .quiet {
    color: var(--ink-soft);
  }

  .quiet:hover,
  .quiet[aria-expanded="true"] {
    background: var(--hover);
    color: var(--ink);
  }

  .danger {
    background: var(--bad-fill);
    color: var(--on-bad);
  }

  .danger:hover {
    background: var(--bad-fill-strong);
  }

  .button:disabled,
  .button[aria-disabled="true"] {
    cursor: not-allowed;
  }

  .button:disabled,
  .button[aria-disabled="true"]:not([aria-busy="true"]) {
    border-color: var(--line);
    background: var(--sunken);
    box-shadow: none;
    color: var(--ink-faint);
  }

  .button[aria-busy="true"] {
    cursor: progress;
  }

  .spinner {
    width: 0.9em;
    height: 0.9em;
    border: 2px solid currentColor;
    border-inline-end-color: transparent;
    border-radius: 50%;
    animation: turn 0.8s linear infinite;
  }

  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
`;
