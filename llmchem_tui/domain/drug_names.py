"""Other names of the known ingredients: synonyms, national spellings, abbreviations, brands.

Plain data for ``medication.ingredients``, written as "ingredient + ingredient = name, name; …".
"""

from __future__ import annotations


def _aliases(text: str) -> dict[str, tuple[str, ...]]:
    """Read the notation above into name → ingredients."""
    table: dict[str, tuple[str, ...]] = {}
    for entry in text.split(";"):
        ingredients, names = entry.split("=")
        parts = tuple(" ".join(part.split()) for part in ingredients.split("+"))
        table |= dict.fromkeys((" ".join(name.split()) for name in names.split(",")), parts)
    return table


SYNONYMS = _aliases("""
paracetamol = acetaminophen, apap; epinephrine = adrenaline; norepinephrine = noradrenaline;
salbutamol = albuterol; levosalbutamol = levalbuterol; aspirin = acetylsalicylic acid, asa;
furosemide = frusemide; torasemide = torsemide; lidocaine = lignocaine; glyceryl trinitrate =
nitroglycerin, nitroglycerine, gtn, ntg, trinitroglycerin; glibenclamide = glyburide; rifampicin =
rifampin; pethidine = meperidine; isoprenaline = isoproterenol; ciclosporin = cyclosporin,
cyclosporine, cyclosporine a; aciclovir = acyclovir; valaciclovir = valacyclovir; amoxicillin =
amoxycillin; cefalexin = cephalexin; cefazolin = cephazolin, cefazoline; cefradine = cephradine;
flucloxacillin = floxacillin; phenoxymethylpenicillin = penicillin v, penicillin vk, pen v;
benzylpenicillin = penicillin g, crystalline penicillin, pen g; benzathine benzylpenicillin =
benzathine penicillin, benzathine penicillin g, penicillin g benzathine, bpg; procaine
benzylpenicillin = procaine penicillin; clavulanate = clavulanic acid, potassium clavulanate;
colistimethate = colistimethate sodium; sulfamethoxazole = smx, smz; trimethoprim = tmp;
amphotericin b = amphotericin, liposomal amphotericin b, liposomal amphotericin; thiamazole =
methimazole; chlortalidone = chlorthalidone; hydrochlorothiazide = hctz, hydrochlorthiazide;
bendroflumethiazide = bendrofluazide; indometacin = indomethacin; metamizole = dipyrone, metamizol;
chlorphenamine = chlorpheniramine; cromoglicate = sodium cromoglicate, cromolyn, sodium
cromoglycate; trihexyphenidyl = benzhexol; benzatropine = benztropine; mesalazine = mesalamine, 5
asa, 5 aminosalicylic acid; norethisterone = norethindrone; ethinylestradiol = ethinyl estradiol,
ethinyloestradiol; estradiol = oestradiol; conjugated estrogens = conjugated oestrogens, conjugated
equine estrogens; dicycloverine = dicyclomine; hyoscine = scopolamine, hyoscine hydrobromide;
hyoscine butylbromide = butylscopolamine, scopolamine butylbromide, hyoscine n butylbromide;
glycopyrronium = glycopyrrolate; suxamethonium = succinylcholine; thiopental = thiopentone;
beclometasone = beclomethasone; dexamethasone = dexametasone; levothyroxine = thyroxine, l
thyroxine, t4; liothyronine = triiodothyronine, t3; dosulepin = dothiepin; amfetamine =
amphetamine; dexamfetamine = dextroamphetamine, dexamphetamine, dextroamfetamine; lisdexamfetamine
= lisdexamphetamine; valproate = valproic acid, sodium valproate, divalproex, valproate semisodium;
phenobarbital = phenobarbitone; colestyramine = cholestyramine; ursodeoxycholic acid = ursodiol,
udca; hydroxycarbamide = hydroxyurea; deferoxamine = desferrioxamine; tetracosactide = cosyntropin,
tetracosactrin; leuprorelin = leuprolide; clomifene = clomiphene; mercaptopurine = 6
mercaptopurine; tioguanine = thioguanine; calcipotriol = calcipotriene; meclozine = meclizine;
macrogol = polyethylene glycol, peg, peg 3350, polyethylene glycol 3350; ispaghula = psyllium,
ispaghula husk; simeticone = simethicone; glycerol = glycerin, glycerine; aluminium hydroxide =
aluminum hydroxide; pancreatin = pancrelipase, pancreatic enzymes; alendronic acid = alendronate;
risedronic acid = risedronate; zoledronic acid = zoledronate; ibandronic acid = ibandronate;
pamidronic acid = pamidronate; fusidic acid = fusidate; mycophenolate = mycophenolic acid;
mycophenolate = mycophenolate mofetil; colecalciferol = cholecalciferol, vitamin d, vitamin d3;
ergocalciferol = vitamin d2; phytomenadione = phytonadione, vitamin k, vitamin k1; thiamine =
vitamin b1, thiamin; riboflavin = vitamin b2; pyridoxine = vitamin b6; nicotinamide = niacinamide;
nicotinic acid = niacin, vitamin b3; ascorbic acid = vitamin c; tocopherol = vitamin e; retinol =
vitamin a; folic acid = folate, vitamin b9; folinic acid = leucovorin, levoleucovorin; vitamin b12
= cobalamin; methylene blue = methylthioninium chloride, methylthioninium; iron = ferrous sulfate,
ferrous fumarate, ferrous gluconate, elemental iron, ferrous bisglycinate; ferric carboxymaltose =
iron carboxymaltose; ferric derisomaltose = iron isomaltoside; iron sucrose = ferric hydroxide
sucrose; lithium = lithium carbonate, lithium citrate; magnesium sulfate = mgso4; sodium
bicarbonate = sodium hydrogen carbonate, nahco3, bicarbonate; sodium chloride = normal saline,
saline, nacl, isotonic saline, hypertonic saline; potassium chloride = kcl; calcium gluconate =
calcium gluconate monohydrate; ringer lactate = lactated ringers, lactated ringer, ringers lactate,
hartmanns solution, hartmann solution, hartmanns, compound sodium lactate; glucose = dextrose, d5w,
d10w, d50w, d50; st johns wort = hypericum; oral rehydration salts = ors, oral rehydration
solution, oral rehydration therapy; zinc = zinc sulfate, zinc acetate, zinc gluconate; bacitracin =
bacitracin zinc; potassium iodide = lugols iodine, lugol iodine; polystyrene sulfonate = sodium
polystyrene sulfonate, calcium polystyrene sulfonate, calcium resonium, kayexalate, resonium a;
sodium zirconium cyclosilicate = szc; omega 3 fatty acids = omega 3 acid ethyl esters, fish oil;
icosapent ethyl = ethyl eicosapentaenoic acid; insulin human = insulin, regular insulin, soluble
insulin, insulin regular, human insulin, insulin soluble, short acting insulin; insulin isophane =
nph, nph insulin, insulin nph, isophane insulin, human isophane insulin; insulin glargine =
glargine; insulin detemir = detemir; insulin degludec = degludec; insulin aspart = aspart; insulin
lispro = lispro; insulin glulisine = glulisine; heparin = unfractionated heparin, ufh; alteplase =
tpa, rtpa, tissue plasminogen activator; prothrombin complex concentrate = pcc, 4f pcc, four factor
prothrombin complex concentrate; immunoglobulin = ivig, immune globulin, intravenous
immunoglobulin, normal human immunoglobulin; anti d immunoglobulin = anti d, rho d immune globulin,
anti d immune globulin; tranexamic acid = txa; acetylcysteine = n acetylcysteine, nac, n acetyl
cysteine; isosorbide mononitrate = ismn; isosorbide dinitrate = isdn; cetirizine = cetirizin;
methotrexate = mtx; hydroxychloroquine = hcq; epoetin alfa = erythropoietin, epoetin, epo;
darbepoetin alfa = darbepoetin; chorionic gonadotropin = hcg; ergometrine = ergonovine; botulinum
toxin = onabotulinumtoxina, botulinum toxin a, abobotulinumtoxina; diamorphine = heroin;
vasopressin = argipressin; fampridine = dalfampridine; activated charcoal = charcoal; penicillamine
= d penicillamine; calcitonin = calcitonin salmon; interferon beta = interferon beta 1a, interferon
beta 1b, peginterferon beta 1a; amfetamine + dexamfetamine = mixed amphetamine salts, amphetamine
salts, adderall; dexamethasone = dexamethasone sodium phosphate; prednisolone = prednisolone sodium
phosphate; betamethasone = betamethasone sodium phosphate; hydrocortisone = hydrocortisone sodium
phosphate; low molecular weight heparin = lmwh; senna = sennosides, sennoside, senna glycosides;
bismuth = tripotassium dicitratobismuthate, tripotassium dicitrato bismuthate, bismuth subcitrate
potassium; latanoprost + timolol = xalacom; dorzolamide + timolol = cosopt; amoxicillin +
clavulanate = co amoxiclav, amoxiclav, coamoxiclav; trimethoprim + sulfamethoxazole = co
trimoxazole, cotrimoxazole; codeine + paracetamol = co codamol, cocodamol; dihydrocodeine +
paracetamol = co dydramol; levodopa + carbidopa = co careldopa; levodopa + benserazide = co
beneldopa; amiloride + furosemide = co amilofruse; aluminium hydroxide + magnesium hydroxide = co
magaldrox; flucloxacillin + ampicillin = co fluampicil; ethinylestradiol + cyproterone = co
cyprindiol; thiamine + pyridoxine + ascorbic acid + riboflavin + nicotinamide = pabrinex;
nirmatrelvir + ritonavir = paxlovid; paracetamol + codeine = tylenol 3, tylenol with codeine
""")
"""Other spellings and names of the same ingredients, and combinations with a name of their own."""

BRANDS = _aliases("""
paracetamol = tylenol, panadol, calpol, ofirmev; ibuprofen = advil, motrin, nurofen, brufen;
naproxen = aleve, naprosyn; diclofenac = voltaren, voltarol; celecoxib = celebrex; ketorolac =
toradol; meloxicam = mobic; morphine = oramorph, ms contin; oxycodone = oxycontin, oxynorm;
oxycodone + paracetamol = percocet; hydrocodone + paracetamol = vicodin, norco; hydromorphone =
dilaudid; tramadol = ultram; fentanyl = duragesic; naloxone = narcan; buprenorphine + naloxone =
suboxone; buprenorphine = subutex; ketamine = ketalar; amoxicillin = amoxil; amoxicillin +
clavulanate = augmentin, clavulin; piperacillin + tazobactam = zosyn, tazocin, pip tazo; ampicillin
+ sulbactam = unasyn; imipenem + cilastatin = primaxin; meropenem = merrem; ceftazidime + avibactam
= avycaz, zavicefta; ceftriaxone = rocephin; cefalexin = keflex; cefuroxime = zinacef, zinnat;
cefepime = maxipime; azithromycin = zithromax, z pak; clarithromycin = biaxin, klaricid;
ciprofloxacin = cipro; levofloxacin = levaquin; moxifloxacin = avelox; doxycycline = vibramycin;
clindamycin = cleocin, dalacin; metronidazole = flagyl; linezolid = zyvox; nitrofurantoin =
macrobid, macrodantin; fosfomycin = monurol; trimethoprim + sulfamethoxazole = bactrim, septra,
septrin; fluconazole = diflucan; terbinafine = lamisil; aciclovir = zovirax; valaciclovir =
valtrex; oseltamivir = tamiflu; atovaquone + proguanil = malarone; artemether + lumefantrine =
coartem, riamet; bictegravir + emtricitabine + tenofovir = biktarvy; emtricitabine + tenofovir =
truvada, descovy; clopidogrel = plavix; ticagrelor = brilinta, brilique; prasugrel = effient;
warfarin = coumadin; apixaban = eliquis; rivaroxaban = xarelto; dabigatran = pradaxa; edoxaban =
savaysa, lixiana; enoxaparin = lovenox, clexane; dalteparin = fragmin; alteplase = activase,
actilyse; atorvastatin = lipitor; rosuvastatin = crestor; simvastatin = zocor; pravastatin =
pravachol; ezetimibe = zetia, ezetrol; sacubitril + valsartan = entresto; amlodipine = norvasc;
nifedipine = adalat, procardia; diltiazem = cardizem; metoprolol = lopressor, toprol, betaloc;
propranolol = inderal; carvedilol = coreg; labetalol = trandate; losartan = cozaar; valsartan =
diovan; lisinopril = zestril, prinivil; ramipril = altace, tritace; furosemide = lasix;
spironolactone = aldactone; eplerenone = inspra; amiodarone = cordarone, pacerone; digoxin =
lanoxin; ivabradine = procoralan, corlanor; sildenafil = viagra, revatio; tadalafil = cialis;
metformin = glucophage; gliclazide = diamicron; glimepiride = amaryl; sitagliptin = januvia;
linagliptin = tradjenta, trajenta; empagliflozin = jardiance; dapagliflozin = farxiga, forxiga;
canagliflozin = invokana; semaglutide = ozempic, wegovy, rybelsus; liraglutide = victoza, saxenda;
dulaglutide = trulicity; tirzepatide = mounjaro, zepbound; insulin glargine = lantus, toujeo,
basaglar; insulin detemir = levemir; insulin degludec = tresiba; insulin aspart = novorapid,
novolog, fiasp; insulin lispro = humalog; insulin glulisine = apidra; insulin human = actrapid,
humulin r, novolin r; insulin isophane = insulatard, humulin n, humulin i; levothyroxine =
synthroid, eltroxin, euthyrox, levoxyl; hydrocortisone = solu cortef, cortef; methylprednisolone =
solu medrol, medrol; dexamethasone = decadron; denosumab = prolia, xgeva; alendronic acid =
fosamax; zoledronic acid = reclast, aclasta, zometa; allopurinol = zyloprim, zyloric; febuxostat =
uloric, adenuric; sertraline = zoloft, lustral; fluoxetine = prozac; paroxetine = paxil, seroxat;
citalopram = celexa, cipramil; escitalopram = lexapro, cipralex; venlafaxine = effexor; duloxetine
= cymbalta; mirtazapine = remeron; bupropion = wellbutrin, zyban; lithium = priadel, lithobid;
valproate = depakote, epilim, depakene; carbamazepine = tegretol; lamotrigine = lamictal;
levetiracetam = keppra; topiramate = topamax; gabapentin = neurontin; pregabalin = lyrica;
phenytoin = dilantin, epanutin; diazepam = valium; lorazepam = ativan; midazolam = versed,
buccolam; clonazepam = klonopin, rivotril; alprazolam = xanax; zolpidem = ambien; haloperidol =
haldol; olanzapine = zyprexa; quetiapine = seroquel; risperidone = risperdal; aripiprazole =
abilify; clozapine = clozaril; methylphenidate = ritalin, concerta; lisdexamfetamine = vyvanse,
elvanse; atomoxetine = strattera; varenicline = chantix, champix; levodopa + carbidopa = sinemet;
levodopa + benserazide = madopar; pramipexole = mirapex; donepezil = aricept; memantine = namenda;
sumatriptan = imitrex, imigran; salbutamol = ventolin, proventil, proair; ipratropium = atrovent;
ipratropium + salbutamol = combivent, duoneb; tiotropium = spiriva; fluticasone = flovent,
flixotide, flonase; fluticasone + salmeterol = advair, seretide; budesonide + formoterol =
symbicort; budesonide = pulmicort; beclometasone + formoterol = fostair; fluticasone + vilanterol =
breo, relvar; fluticasone + umeclidinium + vilanterol = trelegy; umeclidinium + vilanterol = anoro;
montelukast = singulair; omalizumab = xolair; epinephrine = epipen, epi pen, adrenalin; cetirizine
= zyrtec; loratadine = claritin; fexofenadine = allegra; diphenhydramine = benadryl; chlorphenamine
= piriton; omeprazole = prilosec, losec; esomeprazole = nexium; lansoprazole = prevacid;
pantoprazole = protonix; famotidine = pepcid; metoclopramide = reglan, maxolon; ondansetron =
zofran; prochlorperazine = stemetil, compazine; promethazine = phenergan; hyoscine butylbromide =
buscopan; loperamide = imodium; macrogol = movicol, miralax, laxido; mesalazine = asacol, pentasa;
infliximab = remicade; adalimumab = humira; etanercept = enbrel; tocilizumab = actemra, roactemra;
rituximab = rituxan, mabthera; hydroxychloroquine = plaquenil; azathioprine = imuran; mycophenolate
= cellcept; tacrolimus = prograf; tamsulosin = flomax; finasteride = proscar, propecia; oxybutynin
= ditropan; mirabegron = betmiga, myrbetriq; oxytocin = pitocin, syntocinon; ergometrine + oxytocin
= syntometrine; carboprost = hemabate; levonorgestrel = plan b, mirena; medroxyprogesterone = depo
provera, provera; nystatin = mycostatin; mupirocin = bactroban; isotretinoin = accutane,
roaccutane; latanoprost = xalatan; potassium chloride = slow k, sando k; iron = feosol; ferric
carboxymaltose = ferinject, injectafer; iron sucrose = venofer; folic acid = folvite; sodium
zirconium cyclosilicate = lokelma; patiromer = veltassa; finerenone = kerendia; glucagon =
glucagen; acetylcysteine = parvolex, acetadote; phenoxymethylpenicillin = pen vee k; benzathine
benzylpenicillin = bicillin l a, bicillin; doxylamine + pyridoxine = diclegis, diclectin, xonvea
""")
"""Brand names, each with its active ingredients."""
