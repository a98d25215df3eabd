// SPDX-License-Identifier: Apache-2.0
// Where the parts of the picture are, for a width and a list of replicas: side by side where there
// is room, else one below the other.

export const middle = (box) => box.y + box.height / 2;
export const right = (box) => box.x + box.width;

function curve(x1, y1, x2, y2) {
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

export function wideLayout(width, ids) {
  const lane_height = ids.length > 3 ? 66 : 84;
  const gap = ids.length > 3 ? 10 : 18;
  const top = 46;
  const height = top + ids.length * (lane_height + gap) - gap + 12;
  const tight = width < 960;
  const sizes = { clients: tight ? 92 : 108, distributor: tight ? 128 : 142,
    lane: Math.min(380, Math.max(214, width * 0.26)), comparator: tight ? 124 : 142,
    decision: tight ? 134 : 156 };
  const space = (width - 4 - Object.values(sizes).reduce((sum, size) => sum + size)) / 4.4;
  const gaps = [space * 0.8, space * 1.3, space * 1.5, space * 0.8];
  const centre = top + (height - top - 12) / 2;
  let x = 2;
  const place = (size, after) => {
    const box = { x, y: centre - 42, width: size, height: 84 };
    x += size + after;
    return box;
  };
  const boxes = { clients: place(sizes.clients, gaps[0]),
    distributor: place(sizes.distributor, gaps[1]) };
  const lane_x = x;
  x += sizes.lane + gaps[2];
  boxes.comparator = place(sizes.comparator, gaps[3]);
  boxes.decision = place(sizes.decision, 0);
  Object.assign(boxes.decision, { y: centre - 52, height: 104 });
  const lanes = new Map(ids.map((id, index) => {
    const box = { x: lane_x, y: top + index * (lane_height + gap), width: sizes.lane,
      height: lane_height };
    const spread = (index - (ids.length - 1) / 2) * 7;
    return [id, { box, order: curve(right(boxes.distributor), centre + spread, lane_x, middle(box)),
      vote: curve(right(box), middle(box), boxes.comparator.x, centre + spread) }];
  }));
  const from = boxes.decision.x + boxes.decision.width / 2;
  const to = boxes.clients.x + boxes.clients.width / 2;
  const y = 18;
  return { height, boxes, lanes,
    ask: `M${right(boxes.clients)} ${centre}H${boxes.distributor.x}`,
    answer: `M${right(boxes.comparator)} ${centre}H${from}V${y + 16}q0-16-16-16`
      + `H${to + 16}q-16 0-16 16V${boxes.clients.y}`,
    label: { x: boxes.distributor.x, y: y - 6 } };
}

export function narrowLayout(width, ids) {
  const inner = { x: 26, width: width - 52 };
  const lane_height = 76;
  const boxes = { clients: { ...inner, y: 4, height: 54 },
    distributor: { ...inner, y: 78, height: 54 } };
  const top = 156;
  const rail = 11;
  const end = top + ids.length * (lane_height + 10) + 14;
  boxes.comparator = { ...inner, y: end, height: 54 };
  boxes.decision = { ...inner, y: end + 76, height: 72 };
  const lanes = new Map(ids.map((id, index) => {
    const box = { ...inner, y: top + index * (lane_height + 10), height: lane_height };
    const [from, to] = [middle(boxes.distributor), middle(boxes.comparator)];
    return [id, { box,
      order: `M${inner.x} ${from}H${rail + 8}q-8 0-8 8V${middle(box) - 8}q0 8 8 8H${inner.x}`,
      vote: `M${right(inner)} ${middle(box)}h7q8 0 8 8V${to - 8}q0 8-8 8H${right(inner)}` }];
  }));
  const x = width / 2;
  return { height: end + 152, boxes, lanes, ask: `M${x} 58V78`,
    answer: `M${x} ${end + 54}V${end + 76}` };
}
