// SPDX-License-Identifier: Apache-2.0
// Makes elements and texts. Nothing on the page parses HTML: what the server says becomes text.

const svgSpace = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

export function button(label, action, attributes = {}) {
  const node = make('button', { type: 'button', class: 'button', ...attributes }, label);
  node.addEventListener('click', action);
  return node;
}

// The next three change only what is different, so that nothing is laid out or read out anew.

export function say(node, text) {
  const words = String(text);
  if (node.textContent !== words) node.textContent = words;
}

export function mark(node, name, value) {
  const words = String(value);
  if (node.getAttribute(name) !== words) node.setAttribute(name, words);
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

// A list of terms and their values; the result has one function for each term that sets its value.
export function termList(terms, attributes = {}) {
  const values = {};
  const list = make('dl', attributes);
  for (const [key, term] of Object.entries(terms)) {
    const value = make('dd');
    list.append(make('div', {}, make('dt', {}, term), value));
    values[key] = (text) => say(value, text);
  }
  return { list, values };
}

// Wide things scroll within themselves, also by keyboard.
export function scroller(label, ...children) {
  return make('div', { class: 'scroller', role: 'group', tabindex: 0, 'aria-label': label },
    ...children);
}

export function table(caption, head, rows) {
  const header = make('tr', {}, ...head.map((word) => make('th', { scope: 'col' }, word)));
  return make('table', {}, make('caption', { class: 'unseen' }, caption),
    make('thead', {}, header),
    make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map((cell, place) => (
      place === 0 ? make('th', { scope: 'row' }, cell) : make('td', {}, cell)))))));
}
