-- A database of version 2, as sqlite3 dumps it, made by the klayer of commit 3315416 from small
-- searches of the digits:
--   done     finished
--   half     amid its first stage: one cohort handed in, of which Optuna was not told; one claimed,
--            by a worker that was killed
--   drafted  its second stage was being planned by a worker that was killed
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE klayer_cohorts (
	id INTEGER NOT NULL, 
	stage_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	attempt INTEGER NOT NULL, 
	owner VARCHAR(128), 
	lease_until FLOAT, 
	claimed_at FLOAT, 
	finished_at FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (stage_id, number), 
	FOREIGN KEY(stage_id) REFERENCES klayer_stages (id)
);
INSERT INTO "klayer_cohorts" VALUES(1,1,0,'finished',1,'worker-1',NULL,1.79522374248499727252e+09,1.79522374253098368642e+09);
INSERT INTO "klayer_cohorts" VALUES(2,1,1,'finished',1,'worker-1',NULL,1.79522374254800224299e+09,1.79522374257101559637e+09);
INSERT INTO "klayer_cohorts" VALUES(3,2,0,'finished',1,'worker-1',NULL,1.79522374261700201039e+09,1.79522374264198684695e+09);
INSERT INTO "klayer_cohorts" VALUES(4,3,0,'finished',1,'worker-1',NULL,1.79522374270000314717e+09,1.79522374274800109858e+09);
INSERT INTO "klayer_cohorts" VALUES(5,4,0,'finished',1,'worker-1',NULL,1.79522374281301784516e+09,1.79522374296401286122e+09);
INSERT INTO "klayer_cohorts" VALUES(6,4,1,'finished',1,'worker-1',NULL,1.7952237430619807243e+09,1.79522374310301828384e+09);
INSERT INTO "klayer_cohorts" VALUES(7,5,0,'finished',1,'worker-1',NULL,1.79522374317398977286e+09,1.79522374323699474333e+09);
INSERT INTO "klayer_cohorts" VALUES(8,6,0,'finished',1,'worker-1',NULL,1.79522387172698378557e+09,1.79522387177900528913e+09);
INSERT INTO "klayer_cohorts" VALUES(9,6,1,'claimed',1,'worker-2',1.73215187185399389262e+09,1.79522387183098649978e+09,NULL);
INSERT INTO "klayer_cohorts" VALUES(10,7,0,'finished',1,'worker-1',NULL,1.79522387215699553487e+09,1.7952238723019957543e+09);
INSERT INTO "klayer_cohorts" VALUES(11,7,1,'finished',1,'worker-1',NULL,1.79522387240901589388e+09,1.79522387252601385121e+09);
CREATE TABLE klayer_epochs (
	trial_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	learning_rate FLOAT, 
	train_cost FLOAT, 
	train_loss FLOAT, 
	train_accuracy FLOAT, 
	validation_cost FLOAT, 
	validation_loss FLOAT, 
	validation_accuracy FLOAT, 
	PRIMARY KEY (trial_id, epoch), 
	FOREIGN KEY(trial_id) REFERENCES klayer_trials (id)
);
INSERT INTO "klayer_epochs" VALUES(1,1,1.2557459708255138981e-03,2.67379843494687241545e+00,2.66995918750762939453e+00,6.91666666666666679619e-02,2.57865452072415513029e+00,2.57481527328491210937e+00,1.03333333333333332593e-01);
INSERT INTO "klayer_epochs" VALUES(2,1,4.14464357269623759338e-02,2.38197662369143747795e+00,2.34540643294652317862e+00,1.01666666666666669072e-01,1.98289787705472875245e+00,1.94632768630981445312e+00,2.33333333333333337034e-01);
INSERT INTO "klayer_epochs" VALUES(3,1,1.61314315222044979414e-01,2.30226517743825853656e+00,2.30220033725102757315e+00,0.185,1.92646168695847097573e+00,1.92639684677124023437e+00,2.86666666666666680729e-01);
INSERT INTO "klayer_epochs" VALUES(1,2,1.13017137374296248661e-03,2.57549953535634390533e+00,2.57168120145797729492e+00,8.66666666666666696272e-02,2.47697240189153067291e+00,2.4731540679931640625e+00,1.13333333333333327597e-01);
INSERT INTO "klayer_epochs" VALUES(2,2,3.73017921542661418099e-02,1.91917392133623110339e+00,1.87883603572845458984e+00,0.2875,1.74161263822465883777e+00,1.70127475261688232421e+00,0.32);
INSERT INTO "klayer_epochs" VALUES(3,2,1.45182883699840475921e-01,1.77370436296218603189e+00,1.77361686031023668697e+00,3.91666666666666662965e-01,1.65531111066891711836e+00,1.65522360801696777343e+00,4.1666666666666668517e-01);
INSERT INTO "klayer_epochs" VALUES(4,1,4.97622804620450644164e-04,3.11595134430593168062e+00,2.56781532367070530753e+00,1.70833333333333337034e-01,3.17191126439438164652e+00,2.62377524375915527343e+00,1.63333333333333330372e-01);
INSERT INTO "klayer_epochs" VALUES(5,1,1.40712415083560382113e-04,2.78917286431600652818e+00,2.78896407286326075691e+00,5.4166666666666668517e-02,2.77216833468089518532e+00,2.77195954322814941406e+00,4.33333333333333348136e-02);
INSERT INTO "klayer_epochs" VALUES(6,1,4.32183012978835323636e-01,2.51906603390426697686e+00,2.07435999313990260262e+00,2.81666666666666676288e-01,2.2764634670262662297e+00,1.83175742626190185546e+00,3.36666666666666669627e-01);
INSERT INTO "klayer_epochs" VALUES(4,2,4.47860524158405601431e-04,3.05947642749199610889e+00,2.51445237795511866707e+00,1.75833333333333341474e-01,3.09775365616529541057e+00,2.55272960662841796875e+00,1.66666666666666657414e-01);
INSERT INTO "klayer_epochs" VALUES(5,2,1.26641173575204349322e-04,2.76898571714165,2.76877709229787205558e+00,0.055,2.76074696445864598004e+00,2.76053833961486816406e+00,0.05);
INSERT INTO "klayer_epochs" VALUES(6,2,3.88964711680951813477e-01,1.71879093848708097702e+00,1.45505712429682421138e+00,4.31666666666666642981e-01,1.53232474131428020314e+00,1.2685909271240234375e+00,5.76666666666666660745e-01);
INSERT INTO "klayer_epochs" VALUES(7,1,4.17043931873904483165e-01,2.0710897392300937625e+00,1.97572157780329393794e+00,0.265,1.60319651626230985641e+00,1.5078283548355102539e+00,4.86666666666666691831e-01);
INSERT INTO "klayer_epochs" VALUES(8,1,9.93985383879168321596e-02,2.37677156654016563663e+00,2.37323554356892918448e+00,1.18333333333333332038e-01,2.0329959762793419209e+00,2.02945995330810546875e+00,2.03333333333333338144e-01);
INSERT INTO "klayer_epochs" VALUES(9,1,2.82064337629708228316e-01,2.52209090015064907319e+00,2.14154740174611424308e+00,2.85833333333333328152e-01,2.38934185922912,2.00879836082458496093e+00,2.96666666666666689611e-01);
INSERT INTO "klayer_epochs" VALUES(7,2,3.75339538686514040399e-01,1.24562045028370271815e+00,1.08916144569714856693e+00,5.84166666666666611895e-01,1.56096008509955463949e+00,1.40450108051300048828e+00,6.46666666666666611895e-01);
INSERT INTO "klayer_epochs" VALUES(8,2,8.94586845491251447803e-02,1.88662468040685316061e+00,1.88234670956929517338e+00,2.43333333333333345915e-01,1.86790182833572693255e+00,1.86362385749816894531e+00,2.43333333333333345915e-01);
INSERT INTO "klayer_epochs" VALUES(9,2,2.53857903866737399933e-01,2.13432675722210252189e+00,1.72062288721402478763e+00,4.05833333333333323711e-01,1.76000590247878108129e+00,1.346302032470703125e+00,5.33333333333333325931e-01);
INSERT INTO "klayer_epochs" VALUES(10,1,1.36323006048410938495e-01,2.14325952264689245652e+00,2.12623041868209838867e+00,2.50833333333333352577e-01,1.74763399097346106003e+00,1.73060488700866699218e+00,3.26666666666666660745e-01);
INSERT INTO "klayer_epochs" VALUES(11,1,4.2079289810676334671e-01,2.04537691457531,1.88382444779078173091e+00,3.43333333333333323711e-01,2.36373905125718408726e+00,2.20218658447265625e+00,4.0333333333333332149e-01);
INSERT INTO "klayer_epochs" VALUES(10,2,1.22690705443569844645e-01,1.67483489200916335626e+00,1.6501757999261219556e+00,0.4375,1.55692332471853944753e+00,1.53226423263549804687e+00,4.96666666666666645202e-01);
INSERT INTO "klayer_epochs" VALUES(11,2,0.378713608296087,1.50353993845298350429e+00,1.28746421138445543697e+00,0.475,1.720284053408249747e+00,1.50420832633972167968e+00,0.43);
INSERT INTO "klayer_epochs" VALUES(12,1,4.17043931873904483165e-01,2.13440885681937642104e+00,2.04981405536333705086e+00,2.76666666666666671847e-01,2.24888880589634698736e+00,2.16429400444030761718e+00,0.35);
INSERT INTO "klayer_epochs" VALUES(13,1,4.32183012978835323636e-01,2.46369352696016674642e+00,2.1366968353589377294e+00,2.55833333333333357018e-01,2.24732745446438819669e+00,1.92033076286315917968e+00,0.29);
INSERT INTO "klayer_epochs" VALUES(12,2,3.75339538686514040399e-01,1.37040810274838853466e+00,1.24120841423670458247e+00,5.49166666666666691831e-01,1.49160510786135436234e+00,1.36240541934967041015e+00,6.03333333333333388104e-01);
INSERT INTO "klayer_epochs" VALUES(13,2,3.88964711680951813477e-01,1.90917477185582140641e+00,1.45185645421346021244e+00,5.21666666666666611895e-01,1.6311183092500272096e+00,1.17379999160766601562e+00,6.23333333333333294845e-01);
INSERT INTO "klayer_epochs" VALUES(14,1,4.17043931873904483165e-01,2.02206646710314,1.94175388415654492924e+00,3.16666666666666651863e-01,1.94174859235363861387e+00,1.86143600940704345703e+00,3.83333333333333359238e-01);
INSERT INTO "klayer_epochs" VALUES(15,1,4.32183012978835323636e-01,2.36224727875906870266e+00,2.02885340650876377921e+00,3.09166666666666645202e-01,2.01205211924432347814e+00,1.67865824699401855468e+00,3.86666666666666658525e-01);
INSERT INTO "klayer_epochs" VALUES(14,2,3.75339538686514040399e-01,1.34239080975361169123e+00,1.21839663386344909667e+00,0.5375,1.52884155938930810236e+00,1.40484738349914550781e+00,0.57);
INSERT INTO "klayer_epochs" VALUES(15,2,3.88964711680951813477e-01,1.73221329774893817443e+00,1.39745792746543884277e+00,5.09166666666666656304e-01,1.38022989954985675353e+00,1.04547452926635742187e+00,6.73333333333333339254e-01);
INSERT INTO "klayer_epochs" VALUES(16,1,4.32183012978835323636e-01,2.32013839963687207301e+00,1.96908322970072435786e+00,3.20666666666666655416e-01,NULL,NULL,NULL);
INSERT INTO "klayer_epochs" VALUES(17,1,4.17043931873904483165e-01,1.8401623053760953752e+00,1.74312005837758388082e+00,0.324,NULL,NULL,NULL);
INSERT INTO "klayer_epochs" VALUES(16,2,3.88964711680951813477e-01,1.76052642900405920123e+00,1.29200297196706137548e+00,5.29333333333333322379e-01,NULL,NULL,NULL);
INSERT INTO "klayer_epochs" VALUES(17,2,3.75339538686514040399e-01,1.14975280403214208391e+00,9.9924702246983843068e-01,0.612,NULL,NULL,NULL);
INSERT INTO "klayer_epochs" VALUES(18,1,1.2557459708255138981e-03,2.67379845481508748861e+00,2.66995920737584446769e+00,6.91666666666666679619e-02,2.57865452072415513029e+00,2.57481527328491210937e+00,1.03333333333333332593e-01);
INSERT INTO "klayer_epochs" VALUES(19,1,4.14464357269623759338e-02,2.38197656408679270256e+00,2.34540637334187840323e+00,1.01666666666666669072e-01,1.98289787705472875245e+00,1.94632768630981445312e+00,2.33333333333333337034e-01);
INSERT INTO "klayer_epochs" VALUES(20,1,1.61314315222044979414e-01,2.30226519729743195341e+00,2.30220035711924220223e+00,0.185,1.9264616869494302076e+00,1.92639684677124023437e+00,2.86666666666666680729e-01);
INSERT INTO "klayer_epochs" VALUES(18,2,1.13017137374296248661e-03,2.57549957509277316347e+00,2.57168124119440699715e+00,8.66666666666666696272e-02,2.47697240189153067291e+00,2.4731540679931640625e+00,1.13333333333333327597e-01);
INSERT INTO "klayer_epochs" VALUES(19,2,3.73017921542661418099e-02,1.91917392133623110339e+00,1.87883603572845458984e+00,0.2875,1.74161263822465883777e+00,1.70127475261688232421e+00,0.32);
INSERT INTO "klayer_epochs" VALUES(20,2,1.45182883699840475921e-01,1.77370434309397095873e+00,1.77361684044202161381e+00,3.91666666666666662965e-01,1.65531111066891711836e+00,1.65522360801696777343e+00,4.1666666666666668517e-01);
INSERT INTO "klayer_epochs" VALUES(21,1,4.97622804620450644164e-04,3.11595132443771660746e+00,2.56781530380249023437e+00,1.70833333333333337034e-01,3.17191126439438164652e+00,2.62377524375915527343e+00,1.63333333333333330372e-01);
INSERT INTO "klayer_epochs" VALUES(22,1,1.40712415083560382113e-04,2.78917286431600652818e+00,2.78896407286326075691e+00,5.4166666666666668517e-02,2.77216833468089518532e+00,2.77195954322814941406e+00,4.33333333333333348136e-02);
INSERT INTO "klayer_epochs" VALUES(23,1,4.32183012978835323636e-01,2.51906596632192503193e+00,2.07435995340347290039e+00,2.81666666666666676288e-01,2.27646343918035398701e+00,1.83175742626190185546e+00,3.36666666666666669627e-01);
INSERT INTO "klayer_epochs" VALUES(24,1,1.2557459708255138981e-03,2.67379845481508748861e+00,2.66995920737584446769e+00,6.91666666666666679619e-02,2.57865452072415513029e+00,2.57481527328491210937e+00,1.03333333333333332593e-01);
INSERT INTO "klayer_epochs" VALUES(25,1,4.14464357269623759338e-02,2.38197656408679270256e+00,2.34540637334187840323e+00,1.01666666666666669072e-01,1.98289787705472875245e+00,1.94632768630981445312e+00,2.33333333333333337034e-01);
INSERT INTO "klayer_epochs" VALUES(26,1,1.61314315222044979414e-01,2.30226519729743195341e+00,2.30220035711924220223e+00,0.185,1.9264616869494302076e+00,1.92639684677124023437e+00,2.86666666666666680729e-01);
INSERT INTO "klayer_epochs" VALUES(24,2,1.13017137374296248661e-03,2.57549957509277316347e+00,2.57168124119440699715e+00,8.66666666666666696272e-02,2.47697240189153067291e+00,2.4731540679931640625e+00,1.13333333333333327597e-01);
INSERT INTO "klayer_epochs" VALUES(25,2,3.73017921542661418099e-02,1.91917392133623110339e+00,1.87883603572845458984e+00,0.2875,1.74161263822465883777e+00,1.70127475261688232421e+00,0.32);
INSERT INTO "klayer_epochs" VALUES(26,2,1.45182883699840475921e-01,1.77370434309397095873e+00,1.77361684044202161381e+00,3.91666666666666662965e-01,1.65531111066891711836e+00,1.65522360801696777343e+00,4.1666666666666668517e-01);
INSERT INTO "klayer_epochs" VALUES(27,1,4.97622804620450644164e-04,3.11595132443771660746e+00,2.56781530380249023437e+00,1.70833333333333337034e-01,3.17191126439438164652e+00,2.62377524375915527343e+00,1.63333333333333330372e-01);
INSERT INTO "klayer_epochs" VALUES(28,1,1.40712415083560382113e-04,2.78917286431600652818e+00,2.78896407286326075691e+00,5.4166666666666668517e-02,2.77216833468089518532e+00,2.77195954322814941406e+00,4.33333333333333348136e-02);
INSERT INTO "klayer_epochs" VALUES(29,1,4.32183012978835323636e-01,2.51906596632192503193e+00,2.07435995340347290039e+00,2.81666666666666676288e-01,2.27646343918035398701e+00,1.83175742626190185546e+00,3.36666666666666669627e-01);
INSERT INTO "klayer_epochs" VALUES(27,2,4.47860524158405601431e-04,3.05947642749199610889e+00,2.51445237795511866707e+00,1.75833333333333341474e-01,3.09775365616529541057e+00,2.55272960662841796875e+00,1.66666666666666657414e-01);
INSERT INTO "klayer_epochs" VALUES(28,2,1.26641173575204349322e-04,2.76898573700986450063e+00,2.76877711216608668465e+00,0.055,2.76074696445864598004e+00,2.76053833961486816406e+00,0.05);
INSERT INTO "klayer_epochs" VALUES(29,2,3.88964711680951813477e-01,1.71879092057527604886e+00,1.45505713423093152592e+00,4.31666666666666642981e-01,1.53232471346836796044e+00,1.2685909271240234375e+00,5.76666666666666660745e-01);
CREATE TABLE klayer_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "klayer_schema" VALUES(2);
CREATE TABLE klayer_searches (
	id INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	study JSON NOT NULL, 
	study_hash VARCHAR(64) NOT NULL, 
	study_text TEXT NOT NULL, 
	data_fingerprint VARCHAR(64) NOT NULL, 
	environment JSON NOT NULL, 
	created_at FLOAT NOT NULL, 
	finished_at FLOAT, 
	result JSON, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "klayer_searches" VALUES(1,'done','{"name": "done", "description": "Handwritten digits: learning rate and weight decay, coarse to fine, in seconds", "seed": 1, "data": {"source": "digits", "validation": 300}, "network": {"widths": [4], "activation": "relu", "negative_slope": 0.01, "elu_alpha": 1.0, "batch_norm": "before", "batch_norm_affine": true, "batch_norm_statistics": "moving_average", "batch_norm_decay": 0.99, "initialization": "he", "init_sigma": 0.01, "loss": "cross_entropy"}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}, "stages": [{"name": "coarse", "sampler": "sobol", "trials": 6, "boxes": [{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}], "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "fine", "sampler": "random", "trials": 3, "zoom": {"from": ["coarse"], "limits": {"learning_rate": {"high": 10.0}}, "edge": 0.05, "rule": "quantile", "quantile": 0.5, "margin": 0.1}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "finest", "sampler": "random", "trials": 2, "zoom": {"from": ["coarse", "fine"], "limits": {}, "edge": 0.05, "rule": "decades", "decades": 0.5, "share": 0.25}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}], "final": {"finalists": 2, "seeds": 2, "train_on": "training+validation", "ensemble": true, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}}','487ff8789b2f0d0d4ee98a8e3712c6101411da82c60e9bd9e988e028913c8f23','# Handwritten digits in a few seconds: the study to begin with, and a pattern for one''s own.
#
# It needs no download: scikit-learn carries 1,797 images of 8 x 8 pixels. Klayer trains on 1,200,
# chooses by 300 more, and reads the other 297 once, at the end, to test the winner.
#
# Two hyperparameters are searched at once: the learning rate and the weight decay. Three stages
# come ever closer to the best pair. Run it, or change single values of it:
#
#     klayer run digits
#     klayer run digits --set stages.coarse.trials=32 --set network.widths=[100]
#
# docs/study-file.md explains every key. Keys that are left out keep their defaults.

name = "digits"
description = "Handwritten digits: learning rate and weight decay, coarse to fine, in seconds"
seed = 1 # every random draw follows from it: the same seed gives the same search

[data]
source = "digits"

[network]
widths = [50, 50] # two hidden layers of 50 units: a 3-layer network, as weight layers are counted
batch_norm = "before" # the activation

[training]
batch_size = 100
momentum = 0.9
schedule = {kind = "decay", epochs = 10, factor = 0.9}

# First a look at the whole range. Ranges are log-uniform: as many trials fall between 1e-6 and 1e-5
# as between 1e-2 and 1e-1.
[[stages]]
name = "coarse"
trials = 16
sampler = "sobol" # covers the box more evenly than "random"
[stages.box]
learning_rate = {low = 1e-4, high = 1.0}
weight_decay = {low = 1e-6, high = 1e-1}

# Then the box that the better half of those trials span.
[[stages]]
name = "fine"
trials = 8
[stages.zoom]
rule = "quantile"
quantile = 0.5
limits = {learning_rate = {high = 10.0}}

# Then half a decade to either side of the best trial of both stages.
[[stages]]
name = "finest"
trials = 8
[stages.zoom]
rule = "decades"
decades = 0.5
from = ["coarse", "fine"]

# Which of the best is really best, and not merely lucky? The best three are trained again with two
# fresh seeds each; the winner is trained once more, on the validation images too.
[final]
finalists = 3
seeds = 2
train_on = "training+validation"
','7592cc07220f9abbfe0e3dfc97add637d9daa6d2863c8f833e742835549fff03','{"python": "3.11.7", "packages": {"klayer": "0.1.0", "numpy": "2.4.6", "optuna": "5.0.0", "sqlalchemy": "2.1.9", "joblib": "1.6.0", "scikit-learn": "1.9.1"}}',1.79522373080201888082e+09,1.79522374323699474333e+09,'{"accuracies": [0.4713804713804714, 0.5286195286195287], "snapshot_ensemble": null, "finalist_ensemble": 0.5791245791245792, "images": 297, "fingerprint": "534b9b1b8db8430c524f1e67c869109e4222e939046e5efdcf08674cddab4fad"}');
INSERT INTO "klayer_searches" VALUES(2,'half','{"name": "half", "description": "Handwritten digits: learning rate and weight decay, coarse to fine, in seconds", "seed": 1, "data": {"source": "digits", "validation": 300}, "network": {"widths": [4], "activation": "relu", "negative_slope": 0.01, "elu_alpha": 1.0, "batch_norm": "before", "batch_norm_affine": true, "batch_norm_statistics": "moving_average", "batch_norm_decay": 0.99, "initialization": "he", "init_sigma": 0.01, "loss": "cross_entropy"}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}, "stages": [{"name": "coarse", "sampler": "sobol", "trials": 6, "boxes": [{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}], "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "fine", "sampler": "random", "trials": 3, "zoom": {"from": ["coarse"], "limits": {"learning_rate": {"high": 10.0}}, "edge": 0.05, "rule": "quantile", "quantile": 0.5, "margin": 0.1}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "finest", "sampler": "random", "trials": 2, "zoom": {"from": ["coarse", "fine"], "limits": {}, "edge": 0.05, "rule": "decades", "decades": 0.5, "share": 0.25}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}], "final": {"finalists": 2, "seeds": 2, "train_on": "training+validation", "ensemble": true, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}}','14978f2cfa7a5a62a2748f19702fe17c58ae110942d457d9ec54715180e6504a','# Handwritten digits, as they were searched
name = "digits"
','7592cc07220f9abbfe0e3dfc97add637d9daa6d2863c8f833e742835549fff03','{}',1.79522386751598262786e+09,NULL,NULL);
INSERT INTO "klayer_searches" VALUES(3,'drafted','{"name": "drafted", "description": "Handwritten digits: learning rate and weight decay, coarse to fine, in seconds", "seed": 1, "data": {"source": "digits", "validation": 300}, "network": {"widths": [4], "activation": "relu", "negative_slope": 0.01, "elu_alpha": 1.0, "batch_norm": "before", "batch_norm_affine": true, "batch_norm_statistics": "moving_average", "batch_norm_decay": 0.99, "initialization": "he", "init_sigma": 0.01, "loss": "cross_entropy"}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}, "stages": [{"name": "coarse", "sampler": "sobol", "trials": 6, "boxes": [{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}], "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "fine", "sampler": "random", "trials": 3, "zoom": {"from": ["coarse"], "limits": {"learning_rate": {"high": 10.0}}, "edge": 0.05, "rule": "quantile", "quantile": 0.5, "margin": 0.1}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}, {"name": "finest", "sampler": "random", "trials": 2, "zoom": {"from": ["coarse", "fine"], "limits": {}, "edge": 0.05, "rule": "decades", "decades": 0.5, "share": 0.25}, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}], "final": {"finalists": 2, "seeds": 2, "train_on": "training+validation", "ensemble": true, "training": {"batch_size": 100, "learning_rate": 0.01, "learning_rate_min": 1e-05, "schedule": {"kind": "decay", "epochs": 2, "factor": 0.9}, "weight_decay": 0.0, "momentum": 0.9, "shuffle": true, "jitter": 0.0, "jitter_relative": false, "figures": "running", "score": "last_epoch", "precision": "float32"}}}','1c817b962e1b80c400db93df9d4a28c84ec9a5544b20deaf97ec4b69ac513cf5','# Handwritten digits, as they were searched
name = "digits"
','7592cc07220f9abbfe0e3dfc97add637d9daa6d2863c8f833e742835549fff03','{}',1.79522387192199373243e+09,NULL,NULL);
CREATE TABLE klayer_stages (
	id INTEGER NOT NULL, 
	search_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	attempt INTEGER NOT NULL, 
	owner VARCHAR(128), 
	lease_until FLOAT, 
	boxes JSON, 
	explanation TEXT, 
	epochs FLOAT, 
	optuna_study VARCHAR(192), 
	opened_at FLOAT, 
	finished_at FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (search_id, number), 
	FOREIGN KEY(search_id) REFERENCES klayer_searches (id)
);
INSERT INTO "klayer_stages" VALUES(1,1,1,'coarse','search','finished',1,NULL,NULL,'[{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}]','as the study file says
learning_rate: [0.0001, 1], log
weight_decay: [1e-06, 0.1], log',2.0,'done/1-coarse',1.79522374223301696772e+09,1.79522374257101559637e+09);
INSERT INTO "klayer_stages" VALUES(2,1,2,'fine','search','finished',1,NULL,NULL,'[{"learning_rate": {"low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.07488970613819854, "log": true}}]','best 3 of 6 trials: coarse #5 (57.67 %) to coarse #1 (32.00 %)
learning_rate: [0.0001, 1] → [0.03278, 0.5464]: 0.04145 to 0.4322 spanned by the best 3, and a margin of 0.1 of that
weight_decay: [1e-06, 0.1] → [1e-06, 0.07489]: 2.37e-06 to 0.0292 spanned by the best 3, and a margin of 0.1 of that, cut at the old edge 1e-06',2.0,'done/2-fine',1.7952237426139845848e+09,1.79522374264198684695e+09);
INSERT INTO "klayer_stages" VALUES(3,1,3,'finest','search','finished',1,NULL,NULL,'[{"learning_rate": {"low": 0.13188087090736317, "high": 0.5463686138178911, "log": true}, "weight_decay": {"low": 0.0005047648818212162, "high": 0.005047648818212162, "log": true}}]','best of 9 trials: fine #0 (64.67 %)
learning_rate: [0.03278, 0.5464] → [0.1319, 0.5464]: ± 0.5 decade round 0.417, cut at the old edge 0.5464
weight_decay: [1e-06, 0.07489] → [0.0005048, 0.005048]: ± 0.5 decade round 0.001596',2.0,'done/3-finest',1.79522374269799137114e+09,1.79522374274800109858e+09);
INSERT INTO "klayer_stages" VALUES(4,1,4,'finalists','finalists','finished',1,NULL,NULL,'[{"learning_rate": [0.4170439318739045], "weight_decay": [0.001596206709420764]}, {"learning_rate": [0.4321830129788353], "weight_decay": [0.029198555266607275]}]','the best 2 configurations of all stages (fine #0, coarse #5), each over 2 fresh seeds',2.0,'done/4-finalists',1.79522374281000041962e+09,1.79522374310301828384e+09);
INSERT INTO "klayer_stages" VALUES(5,1,5,'final','final','finished',1,NULL,NULL,'[{"learning_rate": [0.4321830129788353], "weight_decay": [0.029198555266607275]}, {"learning_rate": [0.4170439318739045], "weight_decay": [0.001596206709420764]}]','coarse #5 has the best mean of 2 finalists: 64.83 % ± 3.54 over 2 fresh seeds',2.0,'done/5-final',1.79522374317201828955e+09,1.79522374323699474333e+09);
INSERT INTO "klayer_stages" VALUES(6,2,1,'coarse','search','open',1,NULL,NULL,'[{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}]','as the study file says
learning_rate: [0.0001, 1], log
weight_decay: [1e-06, 0.1], log',2.0,'half/1-coarse',1.79522387169998741147e+09,NULL);
INSERT INTO "klayer_stages" VALUES(7,3,1,'coarse','search','finished',1,NULL,NULL,'[{"learning_rate": {"low": 0.0001, "high": 1.0, "log": true}, "weight_decay": {"low": 1e-06, "high": 0.1, "log": true}}]','as the study file says
learning_rate: [0.0001, 1], log
weight_decay: [1e-06, 0.1], log',2.0,'drafted/1-coarse',1.79522387214798331261e+09,1.79522387252601385121e+09);
INSERT INTO "klayer_stages" VALUES(8,3,2,'fine','search','planning',1,'worker-1',1.73215187261500358582e+09,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE klayer_trials (
	id INTEGER NOT NULL, 
	stage_id INTEGER NOT NULL, 
	cohort_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	box INTEGER NOT NULL, 
	parameters JSON NOT NULL, 
	seed BIGINT NOT NULL, 
	order_seed BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	told VARCHAR(16) NOT NULL, 
	value FLOAT, 
	reason TEXT, 
	finished_at FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (stage_id, number), 
	FOREIGN KEY(stage_id) REFERENCES klayer_stages (id), 
	FOREIGN KEY(cohort_id) REFERENCES klayer_cohorts (id)
);
INSERT INTO "klayer_trials" VALUES(1,1,1,0,0,'{"learning_rate": 0.001255745970825514, "weight_decay": 0.00014687972967779555}',3068367518499056,7197632538047189,'complete','complete',1.13333333333333327597e-01,NULL,1.79522374253098368642e+09);
INSERT INTO "klayer_trials" VALUES(2,1,1,1,0,'{"learning_rate": 0.041446435726962376, "weight_decay": 0.0014262115902095756}',6215988350858545,7197632538047189,'complete','complete',0.32,NULL,1.79522374253098368642e+09);
INSERT INTO "klayer_trials" VALUES(3,1,1,2,0,'{"learning_rate": 0.16131431522204498, "weight_decay": 2.3700293884072476e-06}',7266348251365907,7197632538047189,'complete','complete',4.1666666666666668517e-01,NULL,1.79522374253098368642e+09);
INSERT INTO "klayer_trials" VALUES(4,1,2,3,0,'{"learning_rate": 0.0004976228046204506, "weight_decay": 0.02038747884940543}',8291834069736267,7197632538047189,'complete','complete',1.66666666666666657414e-01,NULL,1.79522374257101559637e+09);
INSERT INTO "klayer_trials" VALUES(5,1,2,4,0,'{"learning_rate": 0.00014071241508356038, "weight_decay": 6.969686853196682e-06}',2440327167317745,7197632538047189,'complete','complete',0.05,NULL,1.79522374257101559637e+09);
INSERT INTO "klayer_trials" VALUES(6,1,2,5,0,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',2033713515458590,7197632538047189,'complete','complete',5.76666666666666660745e-01,NULL,1.79522374257101559637e+09);
INSERT INTO "klayer_trials" VALUES(7,2,3,0,0,'{"learning_rate": 0.4170439318739045, "weight_decay": 0.001596206709420764}',125618548934841,4808337518191436,'complete','complete',6.46666666666666611895e-01,NULL,1.79522374264198684695e+09);
INSERT INTO "klayer_trials" VALUES(8,2,3,1,0,'{"learning_rate": 0.09939853838791683, "weight_decay": 0.00010083969444747613}',4752919463516136,4808337518191436,'complete','complete',2.43333333333333345915e-01,NULL,1.79522374264198684695e+09);
INSERT INTO "klayer_trials" VALUES(9,2,3,2,0,'{"learning_rate": 0.28206433762970823, "weight_decay": 0.06771287591403219}',1387541875372150,4808337518191436,'complete','complete',5.33333333333333325931e-01,NULL,1.79522374264198684695e+09);
INSERT INTO "klayer_trials" VALUES(10,3,4,0,0,'{"learning_rate": 0.13632300604841094, "weight_decay": 0.0006060497126043937}',404454651111554,1664181135799215,'complete','complete',4.96666666666666645202e-01,NULL,1.79522374274800109858e+09);
INSERT INTO "klayer_trials" VALUES(11,3,4,1,0,'{"learning_rate": 0.42079289810676335, "weight_decay": 0.0032830070476998407}',8945793747709224,1664181135799215,'complete','complete',0.43,NULL,1.79522374274800109858e+09);
INSERT INTO "klayer_trials" VALUES(12,4,5,0,0,'{"learning_rate": 0.4170439318739045, "weight_decay": 0.001596206709420764}',7285170174483482,4002930191739017,'complete','complete',6.03333333333333388104e-01,NULL,1.79522374296401286122e+09);
INSERT INTO "klayer_trials" VALUES(13,4,5,1,1,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',7285170174483482,4002930191739017,'complete','complete',6.23333333333333294845e-01,NULL,1.79522374296401286122e+09);
INSERT INTO "klayer_trials" VALUES(14,4,6,2,0,'{"learning_rate": 0.4170439318739045, "weight_decay": 0.001596206709420764}',8228654340090673,7763872321845749,'complete','complete',0.57,NULL,1.79522374310301828384e+09);
INSERT INTO "klayer_trials" VALUES(15,4,6,3,1,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',8228654340090673,7763872321845749,'complete','complete',6.73333333333333339254e-01,NULL,1.79522374310301828384e+09);
INSERT INTO "klayer_trials" VALUES(16,5,7,0,0,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',492138490272906,5103300119554396,'complete','complete',4.71380471380471399722e-01,NULL,1.79522374323699474333e+09);
INSERT INTO "klayer_trials" VALUES(17,5,7,1,1,'{"learning_rate": 0.4170439318739045, "weight_decay": 0.001596206709420764}',151043097537529,5103300119554396,'complete','complete',5.28619528619528655788e-01,NULL,1.79522374323699474333e+09);
INSERT INTO "klayer_trials" VALUES(18,6,8,0,0,'{"learning_rate": 0.001255745970825514, "weight_decay": 0.00014687972967779555}',3068367518499056,7197632538047189,'complete','waiting',1.13333333333333327597e-01,NULL,1.79522387177900528913e+09);
INSERT INTO "klayer_trials" VALUES(19,6,8,1,0,'{"learning_rate": 0.041446435726962376, "weight_decay": 0.0014262115902095756}',6215988350858545,7197632538047189,'complete','waiting',0.32,NULL,1.79522387177900528913e+09);
INSERT INTO "klayer_trials" VALUES(20,6,8,2,0,'{"learning_rate": 0.16131431522204498, "weight_decay": 2.3700293884072476e-06}',7266348251365907,7197632538047189,'complete','waiting',4.1666666666666668517e-01,NULL,1.79522387177900528913e+09);
INSERT INTO "klayer_trials" VALUES(21,6,9,3,0,'{"learning_rate": 0.0004976228046204506, "weight_decay": 0.02038747884940543}',8291834069736267,7197632538047189,'running','waiting',NULL,NULL,NULL);
INSERT INTO "klayer_trials" VALUES(22,6,9,4,0,'{"learning_rate": 0.00014071241508356038, "weight_decay": 6.969686853196682e-06}',2440327167317745,7197632538047189,'running','waiting',NULL,NULL,NULL);
INSERT INTO "klayer_trials" VALUES(23,6,9,5,0,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',2033713515458590,7197632538047189,'running','waiting',NULL,NULL,NULL);
INSERT INTO "klayer_trials" VALUES(24,7,10,0,0,'{"learning_rate": 0.001255745970825514, "weight_decay": 0.00014687972967779555}',3068367518499056,7197632538047189,'complete','complete',1.13333333333333327597e-01,NULL,1.7952238723019957543e+09);
INSERT INTO "klayer_trials" VALUES(25,7,10,1,0,'{"learning_rate": 0.041446435726962376, "weight_decay": 0.0014262115902095756}',6215988350858545,7197632538047189,'complete','complete',0.32,NULL,1.7952238723019957543e+09);
INSERT INTO "klayer_trials" VALUES(26,7,10,2,0,'{"learning_rate": 0.16131431522204498, "weight_decay": 2.3700293884072476e-06}',7266348251365907,7197632538047189,'complete','complete',4.1666666666666668517e-01,NULL,1.7952238723019957543e+09);
INSERT INTO "klayer_trials" VALUES(27,7,11,3,0,'{"learning_rate": 0.0004976228046204506, "weight_decay": 0.02038747884940543}',8291834069736267,7197632538047189,'complete','complete',1.66666666666666657414e-01,NULL,1.79522387252601385121e+09);
INSERT INTO "klayer_trials" VALUES(28,7,11,4,0,'{"learning_rate": 0.00014071241508356038, "weight_decay": 6.969686853196682e-06}',2440327167317745,7197632538047189,'complete','complete',0.05,NULL,1.79522387252601385121e+09);
INSERT INTO "klayer_trials" VALUES(29,7,11,5,0,'{"learning_rate": 0.4321830129788353, "weight_decay": 0.029198555266607275}',2033713515458590,7197632538047189,'complete','complete',5.76666666666666660745e-01,NULL,1.79522387252601385121e+09);
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'done/1-coarse');
INSERT INTO "studies" VALUES(2,'done/2-fine');
INSERT INTO "studies" VALUES(3,'done/3-finest');
INSERT INTO "studies" VALUES(4,'done/4-finalists');
INSERT INTO "studies" VALUES(5,'done/5-final');
INSERT INTO "studies" VALUES(6,'half/1-coarse');
INSERT INTO "studies" VALUES(7,'drafted/1-coarse');
INSERT INTO "studies" VALUES(8,'drafted/2-fine (in the making, attempt 1)');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MAXIMIZE',3,0);
INSERT INTO "study_directions" VALUES(4,'MAXIMIZE',4,0);
INSERT INTO "study_directions" VALUES(5,'MAXIMIZE',5,0);
INSERT INTO "study_directions" VALUES(6,'MAXIMIZE',6,0);
INSERT INTO "study_directions" VALUES(7,'MAXIMIZE',7,0);
INSERT INTO "study_directions" VALUES(8,'MAXIMIZE',8,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'klayer:search','"done"');
INSERT INTO "study_user_attributes" VALUES(2,1,'klayer:explanation','"as the study file says\nlearning_rate: [0.0001, 1], log\nweight_decay: [1e-06, 0.1], log"');
INSERT INTO "study_user_attributes" VALUES(3,2,'klayer:search','"done"');
INSERT INTO "study_user_attributes" VALUES(4,2,'klayer:explanation','"best 3 of 6 trials: coarse #5 (57.67 %) to coarse #1 (32.00 %)\nlearning_rate: [0.0001, 1] \u2192 [0.03278, 0.5464]: 0.04145 to 0.4322 spanned by the best 3, and a margin of 0.1 of that\nweight_decay: [1e-06, 0.1] \u2192 [1e-06, 0.07489]: 2.37e-06 to 0.0292 spanned by the best 3, and a margin of 0.1 of that, cut at the old edge 1e-06"');
INSERT INTO "study_user_attributes" VALUES(5,3,'klayer:search','"done"');
INSERT INTO "study_user_attributes" VALUES(6,3,'klayer:explanation','"best of 9 trials: fine #0 (64.67 %)\nlearning_rate: [0.03278, 0.5464] \u2192 [0.1319, 0.5464]: \u00b1 0.5 decade round 0.417, cut at the old edge 0.5464\nweight_decay: [1e-06, 0.07489] \u2192 [0.0005048, 0.005048]: \u00b1 0.5 decade round 0.001596"');
INSERT INTO "study_user_attributes" VALUES(7,4,'klayer:search','"done"');
INSERT INTO "study_user_attributes" VALUES(8,4,'klayer:explanation','"the best 2 configurations of all stages (fine #0, coarse #5), each over 2 fresh seeds"');
INSERT INTO "study_user_attributes" VALUES(9,5,'klayer:search','"done"');
INSERT INTO "study_user_attributes" VALUES(10,5,'klayer:explanation','"coarse #5 has the best mean of 2 finalists: 64.83 % \u00b1 3.54 over 2 fresh seeds"');
INSERT INTO "study_user_attributes" VALUES(11,6,'klayer:search','"half"');
INSERT INTO "study_user_attributes" VALUES(12,6,'klayer:explanation','"as the study file says\nlearning_rate: [0.0001, 1], log\nweight_decay: [1e-06, 0.1], log"');
INSERT INTO "study_user_attributes" VALUES(13,7,'klayer:search','"drafted"');
INSERT INTO "study_user_attributes" VALUES(14,7,'klayer:explanation','"as the study file says\nlearning_rate: [0.0001, 1], log\nweight_decay: [1e-06, 0.1], log"');
INSERT INTO "study_user_attributes" VALUES(15,8,'klayer:search','"drafted"');
INSERT INTO "study_user_attributes" VALUES(16,8,'klayer:explanation','"best 3 of 6 trials: coarse #5 (57.67 %) to coarse #1 (32.00 %)\nlearning_rate: [0.0001, 1] \u2192 [0.03278, 0.5464]: 0.04145 to 0.4322 spanned by the best 3, and a margin of 0.1 of that\nweight_decay: [1e-06, 0.1] \u2192 [1e-06, 0.07489]: 2.37e-06 to 0.0292 spanned by the best 3, and a margin of 0.1 of that, cut at the old edge 1e-06"');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'learning_rate',1.2557459708255138981e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(2,1,'weight_decay',1.46879729677795549391e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(3,2,'learning_rate',4.14464357269623759338e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(4,2,'weight_decay',1.42621159020957558559e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(5,3,'learning_rate',1.61314315222044979414e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(6,3,'weight_decay',2.37002938840724756909e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(7,4,'learning_rate',4.97622804620450644164e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(8,4,'weight_decay',2.03874788494054284826e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(9,5,'learning_rate',1.40712415083560382113e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(10,5,'weight_decay',6.96968685319668190564e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(11,6,'learning_rate',4.32183012978835323636e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(12,6,'weight_decay',2.91985552666072754879e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(13,7,'learning_rate',4.17043931873904483165e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(14,7,'weight_decay',1.59620670942076407425e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.07488970613819854, "log": true}}');
INSERT INTO "trial_params" VALUES(15,8,'learning_rate',9.93985383879168321596e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(16,8,'weight_decay',1.00839694447476128425e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.07488970613819854, "log": true}}');
INSERT INTO "trial_params" VALUES(17,9,'learning_rate',2.82064337629708228316e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(18,9,'weight_decay',6.77128759140321889731e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.07488970613819854, "log": true}}');
INSERT INTO "trial_params" VALUES(19,10,'learning_rate',1.36323006048410938495e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.13188087090736317, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(20,10,'weight_decay',6.06049712604393676571e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0005047648818212162, "high": 0.005047648818212162, "log": true}}');
INSERT INTO "trial_params" VALUES(21,11,'learning_rate',4.2079289810676334671e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.13188087090736317, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(22,11,'weight_decay',3.28300704769984071779e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0005047648818212162, "high": 0.005047648818212162, "log": true}}');
INSERT INTO "trial_params" VALUES(23,12,'learning_rate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4170439318739045, 0.4321830129788353]}}');
INSERT INTO "trial_params" VALUES(24,12,'weight_decay',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001596206709420764, 0.029198555266607275]}}');
INSERT INTO "trial_params" VALUES(25,13,'learning_rate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4170439318739045, 0.4321830129788353]}}');
INSERT INTO "trial_params" VALUES(26,13,'weight_decay',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001596206709420764, 0.029198555266607275]}}');
INSERT INTO "trial_params" VALUES(27,14,'learning_rate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4170439318739045, 0.4321830129788353]}}');
INSERT INTO "trial_params" VALUES(28,14,'weight_decay',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001596206709420764, 0.029198555266607275]}}');
INSERT INTO "trial_params" VALUES(29,15,'learning_rate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4170439318739045, 0.4321830129788353]}}');
INSERT INTO "trial_params" VALUES(30,15,'weight_decay',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.001596206709420764, 0.029198555266607275]}}');
INSERT INTO "trial_params" VALUES(31,16,'learning_rate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4321830129788353, 0.4170439318739045]}}');
INSERT INTO "trial_params" VALUES(32,16,'weight_decay',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.029198555266607275, 0.001596206709420764]}}');
INSERT INTO "trial_params" VALUES(33,17,'learning_rate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.4321830129788353, 0.4170439318739045]}}');
INSERT INTO "trial_params" VALUES(34,17,'weight_decay',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0.029198555266607275, 0.001596206709420764]}}');
INSERT INTO "trial_params" VALUES(35,18,'learning_rate',1.2557459708255138981e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(36,18,'weight_decay',1.46879729677795549391e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(37,19,'learning_rate',4.14464357269623759338e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(38,19,'weight_decay',1.42621159020957558559e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(39,20,'learning_rate',1.61314315222044979414e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(40,20,'weight_decay',2.37002938840724756909e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(41,21,'learning_rate',4.97622804620450644164e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(42,21,'weight_decay',2.03874788494054284826e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(43,22,'learning_rate',1.40712415083560382113e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(44,22,'weight_decay',6.96968685319668190564e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(45,23,'learning_rate',4.32183012978835323636e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(46,23,'weight_decay',2.91985552666072754879e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(47,24,'learning_rate',1.2557459708255138981e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(48,24,'weight_decay',1.46879729677795549391e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(49,25,'learning_rate',4.14464357269623759338e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(50,25,'weight_decay',1.42621159020957558559e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(51,26,'learning_rate',1.61314315222044979414e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(52,26,'weight_decay',2.37002938840724756909e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(53,27,'learning_rate',4.97622804620450644164e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(54,27,'weight_decay',2.03874788494054284826e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(55,28,'learning_rate',1.40712415083560382113e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(56,28,'weight_decay',6.96968685319668190564e-06,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(57,29,'learning_rate',4.32183012978835323636e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(58,29,'weight_decay',2.91985552666072754879e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(59,30,'learning_rate',4.17043931873904483165e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(60,30,'weight_decay',1.59620670942076407425e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.07488970613819854, "log": true}}');
INSERT INTO "trial_params" VALUES(61,31,'learning_rate',9.93985383879168321596e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.03278454328579459, "high": 0.5463686138178911, "log": true}}');
INSERT INTO "trial_params" VALUES(62,31,'weight_decay',1.00839694447476128425e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-06, "high": 0.07488970613819854, "log": true}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'klayer:seed','3068367518499056');
INSERT INTO "trial_user_attributes" VALUES(2,2,'klayer:seed','6215988350858545');
INSERT INTO "trial_user_attributes" VALUES(3,3,'klayer:seed','7266348251365907');
INSERT INTO "trial_user_attributes" VALUES(4,4,'klayer:seed','8291834069736267');
INSERT INTO "trial_user_attributes" VALUES(5,5,'klayer:seed','2440327167317745');
INSERT INTO "trial_user_attributes" VALUES(6,6,'klayer:seed','2033713515458590');
INSERT INTO "trial_user_attributes" VALUES(7,7,'klayer:seed','125618548934841');
INSERT INTO "trial_user_attributes" VALUES(8,8,'klayer:seed','4752919463516136');
INSERT INTO "trial_user_attributes" VALUES(9,9,'klayer:seed','1387541875372150');
INSERT INTO "trial_user_attributes" VALUES(10,10,'klayer:seed','404454651111554');
INSERT INTO "trial_user_attributes" VALUES(11,11,'klayer:seed','8945793747709224');
INSERT INTO "trial_user_attributes" VALUES(12,12,'klayer:seed','7285170174483482');
INSERT INTO "trial_user_attributes" VALUES(13,13,'klayer:seed','7285170174483482');
INSERT INTO "trial_user_attributes" VALUES(14,14,'klayer:seed','8228654340090673');
INSERT INTO "trial_user_attributes" VALUES(15,15,'klayer:seed','8228654340090673');
INSERT INTO "trial_user_attributes" VALUES(16,16,'klayer:seed','492138490272906');
INSERT INTO "trial_user_attributes" VALUES(17,17,'klayer:seed','151043097537529');
INSERT INTO "trial_user_attributes" VALUES(18,18,'klayer:seed','3068367518499056');
INSERT INTO "trial_user_attributes" VALUES(19,19,'klayer:seed','6215988350858545');
INSERT INTO "trial_user_attributes" VALUES(20,20,'klayer:seed','7266348251365907');
INSERT INTO "trial_user_attributes" VALUES(21,21,'klayer:seed','8291834069736267');
INSERT INTO "trial_user_attributes" VALUES(22,22,'klayer:seed','2440327167317745');
INSERT INTO "trial_user_attributes" VALUES(23,23,'klayer:seed','2033713515458590');
INSERT INTO "trial_user_attributes" VALUES(24,24,'klayer:seed','3068367518499056');
INSERT INTO "trial_user_attributes" VALUES(25,25,'klayer:seed','6215988350858545');
INSERT INTO "trial_user_attributes" VALUES(26,26,'klayer:seed','7266348251365907');
INSERT INTO "trial_user_attributes" VALUES(27,27,'klayer:seed','8291834069736267');
INSERT INTO "trial_user_attributes" VALUES(28,28,'klayer:seed','2440327167317745');
INSERT INTO "trial_user_attributes" VALUES(29,29,'klayer:seed','2033713515458590');
INSERT INTO "trial_user_attributes" VALUES(30,30,'klayer:seed','125618548934841');
INSERT INTO "trial_user_attributes" VALUES(31,31,'klayer:seed','4752919463516136');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,1.13333333333333327597e-01,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,0.32,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,4.1666666666666668517e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,4,0,1.66666666666666657414e-01,'FINITE');
INSERT INTO "trial_values" VALUES(5,5,0,0.05,'FINITE');
INSERT INTO "trial_values" VALUES(6,6,0,5.76666666666666660745e-01,'FINITE');
INSERT INTO "trial_values" VALUES(7,7,0,6.46666666666666611895e-01,'FINITE');
INSERT INTO "trial_values" VALUES(8,8,0,2.43333333333333345915e-01,'FINITE');
INSERT INTO "trial_values" VALUES(9,9,0,5.33333333333333325931e-01,'FINITE');
INSERT INTO "trial_values" VALUES(10,10,0,4.96666666666666645202e-01,'FINITE');
INSERT INTO "trial_values" VALUES(11,11,0,0.43,'FINITE');
INSERT INTO "trial_values" VALUES(12,12,0,6.03333333333333388104e-01,'FINITE');
INSERT INTO "trial_values" VALUES(13,13,0,6.23333333333333294845e-01,'FINITE');
INSERT INTO "trial_values" VALUES(14,14,0,0.57,'FINITE');
INSERT INTO "trial_values" VALUES(15,15,0,6.73333333333333339254e-01,'FINITE');
INSERT INTO "trial_values" VALUES(16,16,0,4.71380471380471399722e-01,'FINITE');
INSERT INTO "trial_values" VALUES(17,17,0,5.28619528619528655788e-01,'FINITE');
INSERT INTO "trial_values" VALUES(18,24,0,1.13333333333333327597e-01,'FINITE');
INSERT INTO "trial_values" VALUES(19,25,0,0.32,'FINITE');
INSERT INTO "trial_values" VALUES(20,26,0,4.1666666666666668517e-01,'FINITE');
INSERT INTO "trial_values" VALUES(21,27,0,1.66666666666666657414e-01,'FINITE');
INSERT INTO "trial_values" VALUES(22,28,0,0.05,'FINITE');
INSERT INTO "trial_values" VALUES(23,29,0,5.76666666666666660745e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-21 01:15:42.508311','2026-11-21 01:15:42.539765');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-21 01:15:42.511000','2026-11-21 01:15:42.543456');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-21 01:15:42.512461','2026-11-21 01:15:42.545798');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-21 01:15:42.552093','2026-11-21 01:15:42.577513');
INSERT INTO "trials" VALUES(5,4,1,'COMPLETE','2026-11-21 01:15:42.553498','2026-11-21 01:15:42.580628');
INSERT INTO "trials" VALUES(6,5,1,'COMPLETE','2026-11-21 01:15:42.554936','2026-11-21 01:15:42.582874');
INSERT INTO "trials" VALUES(7,0,2,'COMPLETE','2026-11-21 01:15:42.621628','2026-11-21 01:15:42.648657');
INSERT INTO "trials" VALUES(8,1,2,'COMPLETE','2026-11-21 01:15:42.623378','2026-11-21 01:15:42.652290');
INSERT INTO "trials" VALUES(9,2,2,'COMPLETE','2026-11-21 01:15:42.624740','2026-11-21 01:15:42.655336');
INSERT INTO "trials" VALUES(10,0,3,'COMPLETE','2026-11-21 01:15:42.704980','2026-11-21 01:15:42.754410');
INSERT INTO "trials" VALUES(11,1,3,'COMPLETE','2026-11-21 01:15:42.706792','2026-11-21 01:15:42.757972');
INSERT INTO "trials" VALUES(12,0,4,'COMPLETE','2026-11-21 01:15:42.855333','2026-11-21 01:15:43.015069');
INSERT INTO "trials" VALUES(13,1,4,'COMPLETE','2026-11-21 01:15:42.858919','2026-11-21 01:15:43.032015');
INSERT INTO "trials" VALUES(14,2,4,'COMPLETE','2026-11-21 01:15:43.067542','2026-11-21 01:15:43.119641');
INSERT INTO "trials" VALUES(15,3,4,'COMPLETE','2026-11-21 01:15:43.071082','2026-11-21 01:15:43.122567');
INSERT INTO "trials" VALUES(16,0,5,'COMPLETE','2026-11-21 01:15:43.177799','2026-11-21 01:15:43.247971');
INSERT INTO "trials" VALUES(17,1,5,'COMPLETE','2026-11-21 01:15:43.191764','2026-11-21 01:15:43.273011');
INSERT INTO "trials" VALUES(18,0,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(19,1,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(20,2,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(21,3,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(22,4,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(23,5,6,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(24,0,7,'COMPLETE','2026-11-21 01:17:52.210672','2026-11-21 01:17:52.352791');
INSERT INTO "trials" VALUES(25,1,7,'COMPLETE','2026-11-21 01:17:52.217499','2026-11-21 01:17:52.383402');
INSERT INTO "trials" VALUES(26,2,7,'COMPLETE','2026-11-21 01:17:52.237611','2026-11-21 01:17:52.394900');
INSERT INTO "trials" VALUES(27,3,7,'COMPLETE','2026-11-21 01:17:52.441009','2026-11-21 01:17:52.566469');
INSERT INTO "trials" VALUES(28,4,7,'COMPLETE','2026-11-21 01:17:52.448134','2026-11-21 01:17:52.582831');
INSERT INTO "trials" VALUES(29,5,7,'COMPLETE','2026-11-21 01:17:52.468754','2026-11-21 01:17:52.596789');
INSERT INTO "trials" VALUES(30,0,8,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(31,1,8,'WAITING',NULL,NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE INDEX klayer_cohorts_by_state ON klayer_cohorts (stage_id, state);
CREATE INDEX ix_klayer_trials_cohort_id ON klayer_trials (cohort_id);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
