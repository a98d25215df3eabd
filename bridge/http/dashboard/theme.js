// SPDX-License-Identifier: Apache-2.0
// Light or dark: as the system has it, until the visitor chooses.

import { mark } from './dom.js';
import { reshape, shape } from './words.js';

const place = 'tally.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function remembered() {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;  // storage is switched off
  }
}

function remember(theme) {
  try {
    localStorage.setItem(place, theme);
  } catch {
    return;
  }
}

export function prepareTheme(button) {
  const root = document.documentElement;
  const now = () => root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  const symbol = shape('moon', 18);
  const paint = () => {
    const other = now() === 'dark' ? 'light' : 'dark';
    mark(button, 'aria-label', `Change to the ${other} theme`);
    mark(button, 'title', `Change to the ${other} theme`);
    reshape(symbol, other === 'light' ? 'sun' : 'moon');
  };
  button.append(symbol);
  const chosen = remembered();
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;
  button.addEventListener('click', () => {
    root.dataset.theme = now() === 'dark' ? 'light' : 'dark';
    remember(root.dataset.theme);
    paint();
  });
  dark.addEventListener('change', paint);
  paint();
}
