/** Words of column names: `userId`, `user_id` and `USER ID` have the same. */

/** Lower-case words without accents: camel case, digits and signs separate them. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** In English, and words that come up in files of other languages. */
const meanings = {
  user: `user users usr uid userid customer customers cust client clients member members visitor visitors session sessions sessionid person persons people
    player reader readers reviewer reviewers reviewerid buyer consumer shopper subscriber listener viewer profile household account msno personid
    visitorid customerid memberid clientid kunde kunden kundennummer konto kontonummer käufer kaufer nutzer benutzer utilisateur usuario cliente klant utente fullvisitorid cookie device
    用户 顧客 ユーザー`,
  item: `item items itm iid itemid product products prod productid article articles sku asin movie movies movieid film films song songs track tracks trackid artist artists
    artistid album book books bookid isbn place places placeid poi venue business businesses restaurant restaurants recipe recipes game games
    news doc docs document documents docid video videos ad ads offer offers course courses job jobs listing hotel hotels anime animeid beer beers
    artikel artikelnummer produkt produit producto articulo livre libro buch prodotto content contentid page pages url destination app apps podcast post posts
    area areas synset answer passage merchant shop store event_id playlist 商品 物品 作品`,
  time: `time timestamp timestamps ts date datetime datum zeit zeitpunkt zeitstempel when created createdat updated at day moment fecha heure hora unix
    unixtime epoch unixreviewtime reviewtime eventtime occurred seen visited watched purchased bought ordered placed 时间 日付`,
  rating: `rating ratings rate stars star score scores overall grade note punkte bewertung bewertungen sterne calificacion valoracion nota review_score relevance wertung`,
  action: `click clicks clicked like likes liked buy bought purchase purchased converted conversion bookmark bookmarked save saved share shared follow
    followed cart carted subscribed installed read_it watched skip finished completed label target is_read gekauft geklickt favorite favourite starred`,
  count: `count counts plays playcount playcounts listens listen times quantity qty amount n num number views viewcount weight frequency freq anzahl menge visits hits seconds
    duration minutes hours playtime dwell watch_time stunden spend`,
  kind: `event events type eventtype action actions behavior behaviour activity interaction`,
  fold: `fold split part subset set partition`,
  title: `title titles name names label headline caption titel nom nombre titolo bezeichnung titre 标题 名称`,
  text: `title titles name description descriptions text body abstract content summary plot overview headline question query answer passage gloss review comment caption beschreibung
    synopsis bio about subject lemma`,
  query: `query queries question questions q search term keyword keywords lemma prompt anfrage frage suchbegriff`,
  address: `url urls link image img picture poster thumbnail href uri photo email mail phone telefon fax path file filename hash md5 uuid guid geom imdb tmdb zip ip latitude longitude lat lon lng fips geometry address street`,
  outcome: `review reviews comment comments summary feedback votes vote helpful reply response verified rank position outcome result cancelled returned text
    delay arrival paid total revenue profit tag tags error status`,
  context: `device platform os browser hour weekday dow day_of_week month season channel source referrer referer country region state city origin location locale language lang
    page_type placement surface position_shown app_version weather store gender age sex occupation tier plan`,
  id: `id ids key code nr no number num uid uuid asin isbn sku nummer`,
} as const;

export type Meaning = keyof typeof meanings;

const tables = new Map<Meaning, ReadonlySet<string>>(
  (Object.keys(meanings) as Meaning[]).map((meaning) => [
    meaning,
    new Set(meanings[meaning].split(/\s+/).flatMap((word) => [word, word.replaceAll('_', '')])),
  ]),
);

/** The word of a name that has a meaning: the words one by one, and all of them as one. */
export function meansOf(name: string, meaning: Meaning): string | undefined {
  const words = wordsOf(name);
  const table = tables.get(meaning)!;
  return [...words, words.join('')].find((word) => table.has(word));
}
