// Encodes raw 8-bit RGB pixels from standard input as a photo.
//
//	node encode.mjs KIND WIDTH HEIGHT FILE < PIXELS
//
// KIND is one of the names below. The JPEGs are what cameras write: quality 85
// and, in the baseline ones, the Huffman tables of ITU T.81, annex K.
import { rename } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';

const camera = { quality: 85, optimiseCoding: false };
const encoders = {
  'jpeg-420': (pixels) => pixels.jpeg({ ...camera, chromaSubsampling: '4:2:0' }),
  'jpeg-444': (pixels) => pixels.jpeg({ ...camera, chromaSubsampling: '4:4:4' }),
  'jpeg-progressive': (pixels) => pixels.jpeg({ quality: 85, chromaSubsampling: '4:2:0', progressive: true }),
  png: (pixels) => pixels.png({ adaptiveFiltering: true }),
  webp: (pixels) => pixels.webp({ quality: 80 }),
};

const [kind, width, height, file] = process.argv.slice(2);
if (!Object.hasOwn(encoders, kind)) {
  throw new Error(`no encoder ${kind}: use ${Object.keys(encoders).join(', ')}`);
}
const raw = { width: Number(width), height: Number(height), channels: 3 };
const unfinished = `${file}.unfinished`;
await encoders[kind](sharp(await buffer(process.stdin), { raw })).toFile(unfinished);
await rename(unfinished, file);
