// samples.js makes up posts, in which some hashtags are more frequent than others.

const hashtags = ["coffee", "서울", "rain", "golang", "커피", "東京", "music", "주말", "books", "🎉", "serverless", "고양이"];
const sentences = [
  ["en", "Good morning! {} {}"],
  ["en", "What a day for {} and {}"],
  ["en", "Nobody told me about {} {}"],
  ["ko", "오늘도 {} {}"],
  ["ko", "{} 이야기만 하다가 {}"],
  ["ja", "今日は {} {}"],
];

const pick = (list, skew) => list[Math.floor(list.length * Math.random() ** skew)];

export function samplePosts(count) {
  return Array.from({ length: count }, () => {
    const [lang, sentence] = pick(sentences, 1);
    return { lang, text: sentence.replaceAll("{}", () => `#${pick(hashtags, 2)}`) };
  });
}
