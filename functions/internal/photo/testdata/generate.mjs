// Writes the photos of this directory. Run it where sharp 0.35.5 is installed:
//
//	npm install sharp@0.35.5 && node generate.mjs DIRECTORY
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'x.js'))
const sharp = require('sharp')
const directory = process.argv[2]

// hash returns a number of 0 to 1 that depends on nothing but its arguments.
function hash(x, y, seed) {
  let h = (Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 974634533)) | 0
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

function noise(x, y, seed) {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const smooth = (t) => t * t * (3 - 2 * t)
  const [u, v] = [smooth(x - left), smooth(y - top)]
  const row = (at) => hash(left, at, seed) * (1 - u) + hash(left + 1, at, seed) * u
  return row(top) * (1 - v) + row(top + 1) * v
}

// The corners of the picture: red, green, blue and yellow.
const corners = [[220, 40, 40], [40, 180, 60], [40, 60, 220], [230, 210, 40]]

// pixel is that of a scene of sky, hills and a disc, with a colour in each corner.
function pixel(u, v) {
  const [x, y] = [u < 0.2 ? 0 : u > 0.8 ? 1 : 2, v < 0.25 ? 0 : v > 0.75 ? 1 : 2]
  if (x < 2 && y < 2) return corners[x + 2 * y]
  if ((u - 0.42) ** 2 + ((v - 0.4) * 0.66) ** 2 < 0.012) return [245, 240, 225]
  const detail = noise(u * 9, v * 9, 1) * 60 + noise(u * 30, v * 30, 2) * 25 + hash(u * 9999, v * 9999, 3) * 6
  if (v < 0.45 + 0.2 * noise(u * 5, 0.5, 4)) return [70 + detail * 0.3 + 60 * v, 120 + detail * 0.3 + 60 * v, 190 + detail * 0.2]
  return [60 + detail, 85 + detail * 1.1, 30 + detail * 0.6]
}

// picture returns raw pixels; alpha is a function of the place, or absent.
function picture(width, height, alpha, shift = 0) {
  const channels = alpha ? 4 : 3
  const data = Buffer.alloc(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [(x + 0.5) / width, (y + 0.5) / height]
      const at = (y * width + x) * channels
      pixel((u + shift) % 1, v).forEach((value, i) => (data[at + i] = Math.max(0, Math.min(255, Math.round(value)))))
      if (alpha) data[at + 3] = Math.round(255 * alpha(u, v))
    }
  }
  return { data, raw: { width, height, channels } }
}

const open = ({ data, raw }) => sharp(data, { raw })

// stored returns how a camera of the given EXIF orientation stores an upright picture.
function stored({ data, raw: { width, height, channels } }, orientation) {
  const swap = orientation >= 5
  const [storedWidth, storedHeight] = swap ? [height, width] : [width, height]
  const result = Buffer.alloc(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = {
        1: [y, x], 2: [y, width - 1 - x], 3: [height - 1 - y, width - 1 - x], 4: [height - 1 - y, x],
        5: [x, y], 6: [width - 1 - x, y], 7: [width - 1 - x, height - 1 - y], 8: [x, height - 1 - y],
      }[orientation]
      data.copy(result, (row * storedWidth + column) * channels, (y * width + x) * channels, (y * width + x + 1) * channels)
    }
  }
  return { data: result, raw: { width: storedWidth, height: storedHeight, channels } }
}

const fade = (u, v) => (u > 0.8 ? 0 : Math.min(1, 2 * (1 - v)))

async function frames(count, width, height, alpha) {
  const all = []
  for (let i = 0; i < count; i++) all.push(await open(picture(width, height, alpha, i / 7)).png().toBuffer())
  return sharp(all, { join: { animated: true } })
}

const files = {
  'baseline.jpg': () => open(picture(240, 160)).jpeg({ quality: 80 }),
  'progressive.jpg': () => open(picture(240, 160)).jpeg({ quality: 80, progressive: true }),
  '444.jpg': () => open(picture(161, 107)).jpeg({ quality: 80, chromaSubsampling: '4:4:4' }),
  'gray.jpg': () => open(picture(240, 160)).toColourspace('b-w').jpeg({ quality: 80 }),
  'cmyk.jpg': () => open(picture(120, 80)).toColourspace('cmyk').jpeg({ quality: 80 }),
  'p3.jpg': () => open(picture(160, 112)).withIccProfile('p3').jpeg({ quality: 85 }),
  'srgb.jpg': () => open(picture(160, 112)).withIccProfile('srgb').withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').withExifMerge({ IFD0: { Copyright: 'nobody' } }).jpeg({ quality: 85 }),
  'opaque.png': () => open(picture(120, 80)).png(),
  'alpha.png': () => open(picture(120, 80, fade)).png(),
  'palette.png': () => open(picture(120, 80, fade)).png({ palette: true, colours: 64 }),
  '16bit.png': () => open(picture(60, 40)).toColourspace('rgb16').png(),
  'interlaced.png': () => open(picture(80, 53)).png({ progressive: true }),
  'gray.png': () => open(picture(120, 80)).toColourspace('b-w').png(),
  'exif.png': () => open(stored(picture(81, 54), 6)).withMetadata({ orientation: 6 }).png(),
  'animated.gif': () => frames(3, 120, 80, (u) => (u > 0.8 ? 0 : 1)).then((s) => s.gif({ colours: 64 })),
  'lossy.webp': () => open(picture(240, 160)).webp({ quality: 80 }),
  'lossless.webp': () => open(picture(80, 53)).webp({ lossless: true }),
  'alpha.webp': () => open(picture(120, 80, fade)).webp({ quality: 80 }),
  'lossless-alpha.webp': () => open(picture(60, 40, fade)).webp({ lossless: true }),
  'animated.webp': () => frames(3, 120, 80, fade).then((s) => s.webp({ quality: 60 })),
  'exif.webp': () => open(stored(picture(120, 81), 8)).withMetadata({ orientation: 8 }).webp({ quality: 85 }),
  'other.avif': () => open(picture(32, 32)).avif({ quality: 30 }),
  'other.tiff': () => open(picture(16, 16)).tiff({ compression: 'lzw' }),
}
for (let orientation = 1; orientation <= 8; orientation++) {
  files[`orientation${orientation}.jpg`] = () =>
    open(stored(picture(128, 96), orientation)).withMetadata({ orientation }).jpeg({ quality: 85 })
}

for (const [name, make] of Object.entries(files)) {
  writeFileSync(join(directory, name), await (await make()).toBuffer())
}
