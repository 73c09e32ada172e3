"""The vocabulary of active ingredients, and the words that stand beside them in a drug's name.

Plain data for ``medication.ingredients``; other names and brands are in ``drug_names``. Names are
the international ones (INN) in lower case, or the common generic name where everybody uses that
(aspirin). Hyphens and blanks are the same. A name must be listed to be safe from the fuzzy match:
look-alikes of a listed name (cycloserine beside ciclosporin) belong here even where they are rare.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(","))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ANTIMICROBIALS = """
amoxicillin, ampicillin, benzylpenicillin, benzathine benzylpenicillin, procaine benzylpenicillin,
phenoxymethylpenicillin, penicillin, flucloxacillin, cloxacillin, dicloxacillin, oxacillin,
nafcillin, piperacillin, tazobactam, clavulanate, sulbactam, ticarcillin, temocillin,
pivmecillinam, cefalexin, cefradine, cefazolin, cefadroxil, cefaclor, cefuroxime, cefoxitin,
cefotetan, cefprozil, cefixime, cefpodoxime, cefdinir, ceftibuten, cefotaxime, ceftriaxone,
ceftazidime, cefepime, ceftaroline, ceftolozane, cefiderocol, avibactam, meropenem, imipenem,
cilastatin, ertapenem, doripenem, vaborbactam, relebactam, aztreonam, gentamicin, tobramycin,
amikacin, streptomycin, neomycin, plazomicin, azithromycin, clarithromycin, erythromycin,
roxithromycin, fidaxomicin, clindamycin, lincomycin, doxycycline, minocycline, tetracycline,
oxytetracycline, lymecycline, tigecycline, ciprofloxacin, levofloxacin, moxifloxacin, ofloxacin,
norfloxacin, delafloxacin, vancomycin, teicoplanin, dalbavancin, oritavancin, daptomycin,
linezolid, tedizolid, chloramphenicol, colistimethate, colistin, polymyxin b, bacitracin,
mupirocin, fusidic acid, retapamulin, trimethoprim, sulfamethoxazole, sulfadiazine, silver
sulfadiazine, nitrofurantoin, fosfomycin, methenamine, metronidazole, tinidazole, secnidazole,
rifampicin, rifabutin, rifaximin, rifapentine, isoniazid, pyrazinamide, ethambutol, ethionamide,
bedaquiline, delamanid, pretomanid, cycloserine, clofazimine, dapsone, fluconazole, itraconazole,
voriconazole, posaconazole, isavuconazole, ketoconazole, clotrimazole, miconazole, econazole,
tioconazole, isoconazole, sertaconazole, terconazole, butoconazole, terbinafine, naftifine,
amorolfine, ciclopirox, nystatin, amphotericin b, caspofungin, micafungin, anidulafungin,
flucytosine, griseofulvin, aciclovir, valaciclovir, famciclovir, penciclovir, ganciclovir,
valganciclovir, foscarnet, cidofovir, letermovir, oseltamivir, zanamivir, peramivir, baloxavir,
nirmatrelvir, remdesivir, molnupiravir, ribavirin, sofosbuvir, ledipasvir, velpatasvir,
voxilaprevir, glecaprevir, pibrentasvir, entecavir, lamivudine, zidovudine, abacavir, tenofovir,
adefovir, emtricitabine, efavirenz, nevirapine, rilpivirine, doravirine, etravirine, dolutegravir,
bictegravir, raltegravir, elvitegravir, cabotegravir, atazanavir, darunavir, lopinavir, ritonavir,
cobicistat, maraviroc, chloroquine, hydroxychloroquine, quinine, artemether, lumefantrine,
artesunate, atovaquone, proguanil, mefloquine, primaquine, tafenoquine, pyrimethamine,
sulfadoxine, pentamidine, albendazole, mebendazole, ivermectin, praziquantel, pyrantel,
niclosamide, diethylcarbamazine, nitazoxanide, permethrin, malathion, benzyl benzoate, crotamiton,
bezlotoxumab
"""

_HEART_AND_BLOOD = """
aspirin, clopidogrel, prasugrel, ticagrelor, cangrelor, dipyridamole, cilostazol, tirofiban,
eptifibatide, abciximab, warfarin, acenocoumarol, phenprocoumon, apixaban, rivaroxaban, edoxaban,
dabigatran, heparin, enoxaparin, dalteparin, tinzaparin, fondaparinux, argatroban, bivalirudin,
danaparoid, alteplase, tenecteplase, reteplase, streptokinase, tranexamic acid, aminocaproic acid,
phytomenadione, protamine, idarucizumab, andexanet alfa, prothrombin complex concentrate,
atorvastatin, rosuvastatin, simvastatin, pravastatin, fluvastatin, lovastatin, pitavastatin,
ezetimibe, fenofibrate, bezafibrate, gemfibrozil, evolocumab, alirocumab, inclisiran, bempedoic
acid, colestyramine, colesevelam, colestipol, icosapent ethyl, omega 3 fatty acids, ramipril,
enalapril, enalaprilat, lisinopril, perindopril, captopril, benazepril, quinapril, fosinopril,
trandolapril, imidapril, moexipril, losartan, valsartan, candesartan, irbesartan, telmisartan,
olmesartan, azilsartan, eprosartan, sacubitril, aliskiren, amlodipine, nifedipine, felodipine,
lercanidipine, lacidipine, nicardipine, nimodipine, isradipine, clevidipine, diltiazem, verapamil,
bisoprolol, metoprolol, atenolol, carvedilol, nebivolol, propranolol, labetalol, esmolol, sotalol,
nadolol, pindolol, acebutolol, landiolol, timolol, furosemide, bumetanide, torasemide,
hydrochlorothiazide, chlorothiazide, chlortalidone, indapamide, bendroflumethiazide, metolazone,
spironolactone, eplerenone, finerenone, amiloride, triamterene, acetazolamide, methazolamide,
mannitol, tolvaptan, hydralazine, minoxidil, methyldopa, clonidine, moxonidine, doxazosin,
prazosin, terazosin, phentolamine, phenoxybenzamine, nitroprusside, glyceryl trinitrate,
isosorbide mononitrate, isosorbide dinitrate, nicorandil, ranolazine, ivabradine, vericiguat,
digoxin, amiodarone, dronedarone, flecainide, propafenone, lidocaine, mexiletine, disopyramide,
procainamide, quinidine, ibutilide, vernakalant, adenosine, levosimendan, milrinone, mavacamten,
tafamidis, bosentan, ambrisentan, macitentan, sildenafil, tadalafil, vardenafil, riociguat,
selexipag, epoprostenol, treprostinil, iloprost, alprostadil, iron, iron sucrose, iron dextran,
ferric carboxymaltose, ferric derisomaltose, folic acid, folinic acid, cyanocobalamin,
hydroxocobalamin, vitamin b12, epoetin alfa, darbepoetin alfa, filgrastim, pegfilgrastim,
eltrombopag, romiplostim, hydroxycarbamide, deferasirox, deferoxamine, deferiprone,
immunoglobulin, anti d immunoglobulin, albumin, eculizumab, emicizumab, desmopressin
"""

_HORMONES_AND_METABOLISM = """
metformin, gliclazide, glimepiride, glipizide, glibenclamide, tolbutamide, chlorpropamide,
repaglinide, nateglinide, pioglitazone, rosiglitazone, acarbose, sitagliptin, linagliptin,
saxagliptin, alogliptin, vildagliptin, empagliflozin, dapagliflozin, canagliflozin, ertugliflozin,
sotagliflozin, semaglutide, liraglutide, dulaglutide, exenatide, lixisenatide, tirzepatide,
low molecular weight heparin, pramlintide, insulin human, insulin isophane, insulin glargine,
insulin detemir, insulin degludec, insulin aspart, insulin lispro, insulin glulisine, glucagon,
glucose, diazoxide, orlistat, phentermine, levothyroxine, liothyronine, carbimazole, thiamazole,
propylthiouracil, potassium iodide, teprotumumab, hydrocortisone, prednisolone, prednisone,
methylprednisolone, dexamethasone, betamethasone, triamcinolone, cortisone, fludrocortisone,
deflazacort, tetracosactide, metyrapone, osilodrostat, octreotide, lanreotide, pasireotide,
cabergoline, bromocriptine, somatropin, pegvisomant, testosterone, finasteride, dutasteride,
tamsulosin, alfuzosin, silodosin, alendronic acid, risedronic acid, zoledronic acid, ibandronic
acid, pamidronic acid, denosumab, teriparatide, abaloparatide, romosozumab, raloxifene, calcitonin,
cinacalcet, etelcalcetide, calcitriol, alfacalcidol, paricalcitol, colecalciferol, ergocalciferol,
calcium carbonate, calcium gluconate, calcium chloride, calcium acetate, calcium citrate,
sevelamer, lanthanum, sucroferric oxyhydroxide, patiromer, sodium zirconium cyclosilicate,
polystyrene sulfonate, sodium bicarbonate, potassium bicarbonate, st johns wort, sodium chloride,
potassium chloride, potassium phosphate, sodium phosphate, potassium citrate, magnesium sulfate,
magnesium oxide, magnesium hydroxide, magnesium citrate, magnesium glycinate, zinc, thiamine,
riboflavin, nicotinamide, nicotinic acid, pyridoxine, biotin, ascorbic acid, tocopherol, retinol,
multivitamin, ringer lactate, oral rehydration salts, oxygen, allopurinol, febuxostat, probenecid,
lesinurad, colchicine, rasburicase, pegloticase, penicillamine
"""

_MIND_AND_NERVES = """
sertraline, fluoxetine, paroxetine, citalopram, escitalopram, fluvoxamine, venlafaxine,
desvenlafaxine, duloxetine, milnacipran, mirtazapine, mianserin, trazodone, bupropion, buspirone,
agomelatine, vortioxetine, vilazodone, reboxetine, amitriptyline, nortriptyline, imipramine,
desipramine, clomipramine, doxepin, dosulepin, lofepramine, trimipramine, phenelzine,
tranylcypromine, moclobemide, isocarboxazid, selegiline, rasagiline, safinamide, lithium,
valproate, carbamazepine, oxcarbazepine, eslicarbazepine, lamotrigine, levetiracetam,
brivaracetam, topiramate, zonisamide, gabapentin, pregabalin, phenytoin, fosphenytoin,
phenobarbital, pentobarbital, primidone, ethosuximide, lacosamide, rufinamide, perampanel,
cenobamate, clobazam, vigabatrin, tiagabine, felbamate, stiripentol, cannabidiol, fenfluramine,
diazepam, lorazepam, midazolam, clonazepam, alprazolam, temazepam, oxazepam, nitrazepam,
chlordiazepoxide, triazolam, estazolam, zolpidem, zopiclone, eszopiclone, zaleplon, suvorexant,
lemborexant, daridorexant, melatonin, ramelteon, haloperidol, droperidol, chlorpromazine,
levomepromazine, prochlorperazine, perphenazine, fluphenazine, trifluoperazine, promazine,
promethazine, flupentixol, zuclopenthixol, sulpiride, amisulpride, olanzapine, quetiapine,
risperidone, paliperidone, aripiprazole, brexpiprazole, cariprazine, lurasidone, ziprasidone,
asenapine, lumateperone, iloperidone, pimavanserin, clozapine, methylphenidate,
dexmethylphenidate, dexamfetamine, amfetamine, lisdexamfetamine, atomoxetine, viloxazine,
guanfacine, modafinil, armodafinil, pitolisant, sodium oxybate, naltrexone, acamprosate,
disulfiram, methadone, buprenorphine, naloxone, nalmefene, lofexidine, varenicline, nicotine,
levodopa, carbidopa, benserazide, entacapone, tolcapone, opicapone, pramipexole, ropinirole,
rotigotine, apomorphine, amantadine, trihexyphenidyl, procyclidine, benzatropine, biperiden,
tetrabenazine, deutetrabenazine, valbenazine, donepezil, rivastigmine, galantamine, memantine,
lecanemab, sumatriptan, rizatriptan, zolmitriptan, eletriptan, naratriptan, almotriptan,
frovatriptan, ergotamine, dihydroergotamine, rimegepant, ubrogepant, atogepant, erenumab,
fremanezumab, galcanezumab, eptinezumab, pizotifen, flunarizine, cinnarizine, betahistine,
baclofen, tizanidine, cyclobenzaprine, methocarbamol, carisoprodol, orphenadrine, dantrolene,
botulinum toxin, pyridostigmine, neostigmine, edrophonium, riluzole, edaravone, interferon beta,
glatiramer, natalizumab, ocrelizumab, ofatumumab, alemtuzumab, fingolimod, siponimod, ozanimod,
teriflunomide, dimethyl fumarate, cladribine, fampridine, efgartigimod
"""

_PAIN_AND_EMERGENCY = """
paracetamol, ibuprofen, naproxen, diclofenac, indometacin, ketorolac, ketoprofen, dexketoprofen,
flurbiprofen, meloxicam, piroxicam, celecoxib, etoricoxib, parecoxib, nabumetone, etodolac,
mefenamic acid, metamizole, capsaicin, morphine, codeine, dihydrocodeine, hydrocodone, oxycodone,
hydromorphone, oxymorphone, tramadol, tapentadol, pethidine, fentanyl, alfentanil, remifentanil,
sufentanil, diamorphine, butorphanol, nalbuphine, pentazocine, ketamine, esketamine, propofol,
etomidate, thiopental, dexmedetomidine, sevoflurane, nitrous oxide, methoxyflurane, suxamethonium,
rocuronium, vecuronium, cisatracurium, atracurium, pancuronium, sugammadex, bupivacaine,
levobupivacaine, ropivacaine, prilocaine, mepivacaine, chloroprocaine, tetracaine, benzocaine,
articaine, procaine, epinephrine, norepinephrine, phenylephrine, ephedrine, pseudoephedrine,
dopamine, dobutamine, isoprenaline, vasopressin, terlipressin, angiotensin ii, metaraminol,
midodrine, droxidopa, atropine, glycopyrronium, flumazenil, physostigmine, pralidoxime, activated
charcoal, acetylcysteine, fomepizole, methylene blue, hydroxyethyl starch, dimercaprol, sodium
thiosulfate, digoxin immune fab, antivenom, lipid emulsion, succimer, sodium calcium edetate
"""

_AIRWAYS_SKIN_AND_SENSES = """
salbutamol, levosalbutamol, terbutaline, salmeterol, formoterol, arformoterol, indacaterol,
vilanterol, olodaterol, ipratropium, tiotropium, umeclidinium, aclidinium, beclometasone,
budesonide, fluticasone, mometasone, ciclesonide, flunisolide, montelukast, zafirlukast, zileuton,
theophylline, aminophylline, roflumilast, omalizumab, mepolizumab, benralizumab, reslizumab,
dupilumab, tezepelumab, cromoglicate, nedocromil, carbocisteine, guaifenesin, dextromethorphan,
benzonatate, ambroxol, bromhexine, dornase alfa, ivacaftor, lumacaftor, tezacaftor, elexacaftor,
pirfenidone, nintedanib, cetirizine, levocetirizine, loratadine, desloratadine, fexofenadine,
bilastine, rupatadine, ebastine, chlorphenamine, diphenhydramine, dimenhydrinate, hydroxyzine,
cyproheptadine, doxylamine, ketotifen, azelastine, olopatadine, cyclizine, meclozine,
oxymetazoline, xylometazoline, isotretinoin, tretinoin, adapalene, trifarotene, tazarotene,
acitretin, alitretinoin, benzoyl peroxide, azelaic acid, salicylic acid, calcipotriol, clobetasol,
clobetasone, fluocinolone, fluocinonide, hydroquinone, imiquimod, podophyllotoxin, urea,
emollient, coal tar, minoxidil, pimecrolimus, selenium sulfide, zinc oxide, chlorhexidine,
povidone iodine, hydrogen peroxide, latanoprost, bimatoprost, travoprost, tafluprost, netarsudil,
brimonidine, apraclonidine, dorzolamide, brinzolamide, pilocarpine, cyclopentolate, tropicamide,
ranibizumab, aflibercept, loteprednol, artificial tears, carbamide peroxide, acetic acid
"""

_GUT = """
omeprazole, esomeprazole, lansoprazole, dexlansoprazole, pantoprazole, rabeprazole, vonoprazan,
famotidine, ranitidine, cimetidine, nizatidine, sucralfate, misoprostol, bismuth, alginate,
aluminium hydroxide, simeticone, metoclopramide, domperidone, ondansetron, granisetron,
palonosetron, aprepitant, fosaprepitant, hyoscine, hyoscine butylbromide, hyoscyamine,
dicycloverine, mebeverine, peppermint oil, otilonium, loperamide, diphenoxylate, eluxadoline,
alosetron, racecadotril, macrogol, lactulose, senna, bisacodyl, docusate, sodium picosulfate,
ispaghula, methylcellulose, glycerol, prucalopride, linaclotide, lubiprostone, plecanatide,
methylnaltrexone, naloxegol, mesalazine, sulfasalazine, balsalazide, olsalazine, infliximab,
adalimumab, vedolizumab, ustekinumab, golimumab, certolizumab, risankizumab, guselkumab,
ursodeoxycholic acid, obeticholic acid, pancreatin, teduglutide, probiotic, saccharomyces
boulardii, trientine
"""

_WOMEN_AND_URINARY = """
estradiol, ethinylestradiol, conjugated estrogens, estriol, progesterone, norethisterone,
levonorgestrel, norgestrel, norgestimate, desogestrel, etonogestrel, gestodene, drospirenone,
dienogest, cyproterone, medroxyprogesterone, megestrol, dydrogesterone, ulipristal, mifepristone,
tibolone, ospemifene, clomifene, letrozole, anastrozole, exemestane, tamoxifen, fulvestrant,
follitropin, chorionic gonadotropin, leuprorelin, goserelin, triptorelin, cetrorelix, elagolix,
relugolix, danazol, oxytocin, carbetocin, carboprost, ergometrine, dinoprostone, atosiban,
ritodrine, oxybutynin, tolterodine, solifenacin, darifenacin, fesoterodine, trospium, propiverine,
mirabegron, vibegron, flavoxate, bethanechol, phenazopyridine, dapoxetine, fezolinetant
"""

_IMMUNITY_AND_CANCER = """
methotrexate, azathioprine, mercaptopurine, tioguanine, leflunomide, ciclosporin, tacrolimus,
sirolimus, everolimus, mycophenolate, cyclophosphamide, chlorambucil, etanercept, rituximab,
tocilizumab, sarilumab, abatacept, anakinra, canakinumab, secukinumab, ixekizumab, brodalumab,
bimekizumab, tofacitinib, baricitinib, upadacitinib, filgotinib, apremilast, deucravacitinib,
belimumab, anifrolumab, voclosporin, basiliximab, antithymocyte globulin, avacopan, thalidomide,
lenalidomide, cisplatin, carboplatin, oxaliplatin, fluorouracil, capecitabine, gemcitabine,
doxorubicin, epirubicin, daunorubicin, vincristine, vinblastine, vinorelbine, paclitaxel,
docetaxel, etoposide, irinotecan, bleomycin, cytarabine, bortezomib, imatinib, erlotinib,
osimertinib, trastuzumab, bevacizumab, cetuximab, pembrolizumab, nivolumab, abiraterone,
enzalutamide, bicalutamide, mesna, ruxolitinib
"""

INGREDIENTS: frozenset[str] = frozenset().union(
    _names(_ANTIMICROBIALS),
    _names(_HEART_AND_BLOOD),
    _names(_HORMONES_AND_METABOLISM),
    _names(_MIND_AND_NERVES),
    _names(_PAIN_AND_EMERGENCY),
    _names(_AIRWAYS_SKIN_AND_SENSES),
    _names(_GUT),
    _names(_WOMEN_AND_URINARY),
    _names(_IMMUNITY_AND_CANCER),
)
"""Every active ingredient that is known by name."""

SALTS = _words("""
sodium potassium calcium magnesium disodium dipotassium zinc strontium lysine arginine meglumine
hydrochloride dihydrochloride hcl hydrobromide bromide chloride iodide sulfate disulfate nitrate
phosphate diphosphate carbonate acetate diacetate succinate tartrate bitartrate hydrogen maleate
mesylate mesilate besylate besilate tosylate tosilate camsylate edisylate esylate fumarate furoate
citrate lactate gluconate oxalate pamoate embonate propionate dipropionate valerate acetonide
butyrate decanoate palmitate enanthate undecanoate cypionate stearate estolate ethylsuccinate
xinafoate etabonate axetil proxetil pivoxil medoxomil cilexetil etexilate disoproxil alafenamide
mofetil erbumine arginate trometamol tromethamine diolamine epolamine hyclate trihydrate dihydrate
monohydrate hemihydrate heptahydrate hydrate anhydrous base marboxil hydroxide
""")
"""Words that name a salt or an ester, not an ingredient."""

FORMS = _words("""
macrocrystals macrocrystalline microcrystals microcrystalline tablet tablets tab tabs capsule
capsules cap caps caplet caplets pill pills vial ampoule sachet sachets suspension solution syrup
elixir liquid powder granules injection injectable infusion depot cream ointment gel lotion foam
shampoo spray patch patches plaster drops drop eye ear nose inhaler inhalers inhalation inhaled
nebuliser nebulizer nebulised nebulized nebules evohaler turbohaler respimat accuhaler ellipta
diskus handihaler mdi dpi pmdi metered spacer via mask suppository suppositories enema pessary
pessaries lozenge implant pen prefilled autoinjector auto injector oral orally iv intravenous
intravenously im intramuscular sc subcutaneous subcut sl sublingual buccal rectal pr pv vaginal
topical transdermal nasal intranasal ophthalmic otic po modified extended sustained prolonged slow
immediate delayed controlled release releasing acting long short rapid fast er xr sr mr xl la cr dr
ec ir xt cd enteric coated gastro resistant effervescent dispersible soluble chewable
orodispersible odt film liposomal pegylated dose doses dosed high low standard loading maintenance
bolus initial first second line daily weekly once twice prn as needed if generic brand equivalent
therapy treatment course regimen of the a an current existing home new usual regular continuous
medication drug agent by mouth per day mg ml for
""")
"""Words of a dose form, route or course that may stand in a drug's name without naming it."""

NOTHING = frozenset({"none", "nil", "n/a", "na", "nothing", "-"})
"""What authors write in the place of a name to say that they give no drug; also "no …"."""
