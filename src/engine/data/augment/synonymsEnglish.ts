/**
 * English words that may stand for one another in a problem. Written for this project (MIT, like the rest of it). Only words
 * whose exchange changes neither a quantity nor a relation: nothing about amounts, comparisons, time order, units or negation.
 * Forms stand as they are used, so that grammar needs no rules.
 */

/** Every word of a group may replace every other. */
export const ENGLISH_GROUPS: readonly (readonly string[])[] = [
  ['children', 'kids'], ['child', 'kid'], ['mother', 'mom'], ['father', 'dad'], ['mothers', 'moms'], ['fathers', 'dads'], ['grandmother', 'grandma'], ['grandfather', 'grandpa'],
  ['buys', 'purchases'], ['bought', 'purchased'], ['buying', 'purchasing'], ['gifts', 'presents'], ['students', 'pupils'], ['colleagues', 'coworkers'], ['colleague', 'coworker'],
  ['bicycle', 'bike'], ['bicycles', 'bikes'], ['automobile', 'car'], ['automobiles', 'cars'], ['movie', 'film'], ['movies', 'films'], ['couch', 'sofa'], ['couches', 'sofas'],
  ['garbage', 'trash'], ['rabbit', 'bunny'], ['rabbits', 'bunnies'], ['rocks', 'stones'], ['forest', 'woods'], ['ship', 'vessel'], ['ships', 'vessels'],
  ['photo', 'photograph'], ['photos', 'photographs'], ['fridge', 'refrigerator'], ['dinner', 'supper'], ['woman', 'lady'], ['women', 'ladies'],
  ['journey', 'trip'], ['journeys', 'trips'], ['bag', 'sack'], ['bags', 'sacks'], ['apartment', 'flat'], ['apartments', 'flats'], ['doctor', 'physician'], ['doctors', 'physicians'],
  ['luggage', 'baggage'], ['author', 'writer'], ['authors', 'writers'], ['everyone', 'everybody'], ['someone', 'somebody'],
  ['begins', 'starts'], ['began', 'started'], ['beginning', 'starting'], ['finishes', 'completes'], ['finished', 'completed'], ['gathers', 'collects'], ['gathered', 'collected'], ['gathering', 'collecting'],
  ['builds', 'constructs'], ['built', 'constructed'], ['repairs', 'fixes'], ['repaired', 'fixed'], ['repairing', 'fixing'], ['helps', 'assists'], ['helped', 'assisted'], ['helping', 'assisting'],
  ['throws', 'tosses'], ['threw', 'tossed'], ['throwing', 'tossing'], ['ate', 'consumed'], ['eats', 'consumes'], ['quickly', 'rapidly'], ['frequently', 'often'],
  ['normally', 'usually'], ['calculate', 'compute'], ['calculates', 'computes'], ['huge', 'enormous'], ['sick', 'ill'], ['angry', 'mad'], ['happy', 'glad'], ['beautiful', 'lovely'],
  ['wealthy', 'rich'], ['error', 'mistake'], ['errors', 'mistakes'], ['receives', 'gets'], ['selects', 'chooses'], ['selected', 'chosen'], 
  ['permits', 'allows'], ['permitted', 'allowed'], ['obtains', 'acquires'], ['obtained', 'acquired'], ['shouts', 'yells'], ['shouted', 'yelled'],
  ['attempts', 'tries'], ['attempted', 'tried'], ['trousers', 'pants'], ['sweater', 'pullover'], ['sweaters', 'pullovers'], ['cookies', 'biscuits'], ['candy', 'sweets'], ['soda', 'soft drink'],
  ['sodas', 'soft drinks'], ['carpet', 'rug'], ['carpets', 'rugs'], ['sidewalk', 'pavement'], ['holiday', 'vacation'], ['pal', 'friend'], ['pals', 'friends'],
  ['boss', 'manager'], ['elevator', 'lift'], ['taxi', 'cab'], ['taxis', 'cabs'], ['truck', 'lorry'], ['trucks', 'lorries'], ['airplane', 'plane'], ['airplanes', 'planes'],
  ['notebook', 'exercise book'], ['notebooks', 'exercise books'], ['classmates', 'schoolmates'], ['classmate', 'schoolmate'], ['puppies', 'young dogs'], ['kittens', 'young cats'],
  ['competition', 'contest'], ['competitions', 'contests'], ['prize', 'award'], ['prizes', 'awards'], ['fruit stand', 'fruit stall'], ['shopkeeper', 'store owner'], ['wants to', 'would like to'],
  ['in order to', 'so as to'], ['a lot of', 'plenty of'], ['goes back', 'returns'], ['went back', 'returned'], ['assume', 'suppose'],
];
