/** Word lists of sameProblem.ts. */

/** Words that begin a sentence without being a name. */
export const COMMON_STARTERS: ReadonlySet<string> = new Set([
  ...'a an the this that these those there here it its he she they we you i his her their our your my each every all some any no one two three four five six seven eight nine ten'.split(' '),
  ...'how what when where which who whom whose why if then else so because since while after before during until unless although though as at by for from in into of off on onto out over to under up with without within about above across along among around behind below beneath beside between beyond down inside near past per through toward upon'.split(' '),
  ...'find calculate compute determine solve evaluate simplify express prove show let suppose assume given consider write give round note therefore thus hence finally first next last second third later now today yesterday tomorrow once also however but and or not yet both either neither only just still even another other others same such'.split(' '),
  ...'is are was were be been being do does did has have had can could will would shall should may might must having using assuming giving making'.split(' '),
  ...'many much more most less least few several half twice total altogether initially originally currently usually normally recently together again every everyone everybody someone somebody people students children adults men women boys girls'.split(' '),
]);

/** The most common surnames. */
export const SURNAMES = '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤';

/** Characters that names in school problems are made of; none that makes 小时, 小学, 小数, 小组, 小于 or 小朋友. */
export const GIVEN_CHARACTERS = '明红华刚强丽芳军亮兰英东玲杰平伟静敏燕霞梅涛波鹏飞勇峰磊洋艳娟辉娜丹萍莉云雨雪晴婷慧琳琪佳欣怡悦浩宇轩涵子晨阳乐林松柏春秋夏冬青文武斌龙虎凤玉珍美宝贝胖智勤思达亚力豪凯超越俊毅博航宁康健清源';
