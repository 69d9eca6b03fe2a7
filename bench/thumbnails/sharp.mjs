// Makes thumbnails with sharp and tells what that costs.
//
//	node sharp.mjs WAY PHOTO BOXES [DIRECTORY]
//
// WAY is one of the names below. PHOTO is read once. BOXES is a list like
// 1280,768,320: the thumbnails fit into squares of so many pixels; without a box,
// nothing is read or made.
//
// With DIRECTORY, the thumbnails are made once and written there as BOX.jpg.
// Otherwise they are made once, with a report, and then as often as each line
// of standard input says. Each report is a line of JSON:
//
//	cpuMicroseconds  CPU time of the process since the previous report
//	peakBytes        largest resident set of the process so far
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const thumbnail = (pipeline, box) =>
  pipeline
    .resize(box, box, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 80 })
    .toBuffer();

const ways = {
  // One pipeline for each thumbnail.
  pipelines: (photo, boxes) => Promise.all(boxes.map((box) => thumbnail(sharp(photo).autoOrient(), box))),
  // One pipeline, and a clone of it for each thumbnail.
  clones: (photo, boxes) => {
    const upright = sharp(photo).autoOrient();
    return Promise.all(boxes.map((box) => thumbnail(upright.clone(), box)));
  },
};

async function peakBytes() {
  const status = '/proc/self/status';
  if (!existsSync(status)) {
    return process.resourceUsage().maxRSS * 1024;
  }
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(status, 'utf8'))[1]) * 1024;
}

let used = 0;
async function report() {
  const { user, system } = process.cpuUsage();
  const peak = await peakBytes();
  console.log(JSON.stringify({ cpuMicroseconds: user + system - used, peakBytes: peak }));
  used = user + system;
}

const [way, file, list, directory] = process.argv.slice(2);
if (!Object.hasOwn(ways, way)) {
  throw new Error(`no way ${way}: use ${Object.keys(ways).join(' or ')}`);
}
const boxes = list === '' ? [] : list.split(',').map(Number);
const photo = boxes.length === 0 ? undefined : await readFile(file);
const make = () => ways[way](photo, boxes);

if (directory !== undefined) {
  const thumbnails = await make();
  await report();
  await Promise.all(thumbnails.map((data, i) => writeFile(join(directory, `${boxes[i]}.jpg`), data)));
} else {
  await make();
  await report();
  for await (const line of createInterface({ input: process.stdin })) {
    for (let i = 0; i < Number(line); i++) {
      await make();
    }
    await report();
  }
}
