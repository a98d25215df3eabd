// SPDX-License-Identifier: Apache-2.0
// Puts the parts of the dashboard together.

import { Charts } from './charts.js';
import { Checker } from './checker.js';
import { CheckerView } from './checker_view.js';
import { say } from './dom.js';
import { Faults } from './faults.js';
import { Group } from './group.js';
import { Live } from './live.js';
import { Picture } from './picture.js';
import { Replicas } from './replicas.js';
import { prepareTheme } from './theme.js';
import { Timeline } from './timeline.js';
import { takeToken } from './token.js';
import { Tour } from './tour.js';

const part = (id) => document.getElementById(id);

takeToken();
prepareTheme(part('theme-button'));

// One line for what became of the visitor's commands; it goes after a while.
let silence = 0;
function tell(words) {
  say(part('told'), words);
  clearTimeout(silence);
  silence = setTimeout(() => say(part('told'), ''), 8000);
}

const live = new Live();
const checker = new Checker();
const faults = new Faults(part('faults'), live, tell);
new Group(live, { pill: part('group-pill'), connection: part('connection'), alerts: part('alerts'),
  facts: part('facts') });
new CheckerView(part('checker'), checker, live);
new Picture(part('picture'), part('picture-note'), live);
new Replicas(part('replicas'), live, faults);
new Charts(part('charts'), live);
new Timeline(part('timeline'), live);
new Tour(part('tour'), part('tour-button'), { live, checker, faults });

addEventListener('hashchange', () => {
  takeToken();
  live.repaint();
});
live.start();
